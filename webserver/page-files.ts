// The files of the built page and of the command-line client, in memory: about two megabytes. An answer is one write, so a client that
// reads slowly or leaves holds no open file.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export type PageFile = {
  /** For `response.type`: `.js`, or a media type. */
  type: string;
  etag: string;
  /** The build compresses each file of the page. */
  body: { identity: Buffer; gzip?: Buffer; br?: Buffer };
};

/** Reads the files of `directory`, by URL path. Throws if a file is missing. */
export function readPageFiles(directory: string): Map<string, PageFile> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(names.map((path) => [`/${path.slice(directory.length).replace(/^\/+/, '')}`, readPageFile(path)]));
}

/** By URL path: the path in the folder, and the type. */
const cliFiles = (version: string) => ({
  '/cli/warmterm.mjs': { path: 'cli/warmterm.mjs', type: 'text/javascript; charset=utf-8' },
  '/cli.tgz': { path: 'cli.tgz', type: 'application/gzip' },
  // npx caches by URL and never fetches the same URL again.
  [`/cli-${version}.tgz`]: { path: 'cli.tgz', type: 'application/gzip' },
});

/** Reads the client in `directory`, without the files that were not built. */
export function readCliFiles(directory: string, version: string): Map<string, PageFile> {
  const built = Object.entries(cliFiles(version)).filter(([, { path }]) => existsSync(join(directory, path)));
  return new Map(
    built.map(([asked, { path, type }]) => {
      const identity = readFileSync(join(directory, path));
      return [asked, { type, etag: etagOf(identity), body: { identity } }];
    }),
  );
}

function readPageFile(path: string): PageFile {
  const [identity, gzip, br] = [path, `${path}.gz`, `${path}.br`].map((each) => readFileSync(each)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  return { type: extname(path), etag: etagOf(identity), body: { identity, gzip, br } };
}

// Weak, because all encodings share it.
export const etagOf = (content: Buffer): string => `W/"${createHash('sha256').update(content).digest('base64url')}"`;
