// The files of the built page, in memory: about a megabyte. An answer is one write, so a client that reads slowly or goes away
// holds no open file.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export type PageFile = {
  /** As `response.type` takes it: `.js`. */
  extension: string;
  etag: string;
  /** The build has compressed each file. */
  body: Record<'identity' | 'gzip' | 'br', Buffer>;
};

/** Reads the files of `directory`; the key is the path that a browser asks for. Throws when a file is missing. */
export function readPageFiles(directory: string): Map<string, PageFile> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(names.map((path) => [`/${path.slice(directory.length).replace(/^\/+/, '')}`, readPageFile(path)]));
}

function readPageFile(path: string): PageFile {
  const [identity, gzip, br] = [path, `${path}.gz`, `${path}.br`].map((each) => readFileSync(each)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const hash = createHash('sha256').update(identity).digest('base64url');
  // Weak: the same for each encoding.
  return { extension: extname(path), etag: `W/"${hash}"`, body: { identity, gzip, br } };
}
