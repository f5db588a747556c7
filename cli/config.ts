// The server and the identity there. `login` writes them below XDG_CONFIG_HOME, readable by the user only. An identity belongs to one server
// and is sent to no other.

import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure } from './failure.ts';

export type Environment = Record<string, string | undefined>;

/** The identity of one server, in a file of its own. */
export type Identity = {
  /** The id to send. Until a server has signed it, the same proposal for all clients that start at once. */
  get(): string;
  /** Stores the signed id from an answer. */
  keep(signed: string): void;
  forget(): void;
};

const folder = (env: Environment) => join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'warmterm');
const loginFile = (env: Environment) => join(folder(env), 'login.json');

/**
 * The server of the page at `url`: an origin, with a path prefix if there is one, without a final slash. Throws if `url` is not the address
 * of a server.
 */
export function toServer(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol)) return parsed.origin + prefixOf(parsed.pathname);
  throw new Failure(`${url}: not the address of a server. It begins with http:// or https://.`);
}

// The page and the host page are in the folder of the prefix.
const prefixOf = (path: string) => path.replace(/\/(index\.html|host|host\.html)?$/, '').replace(/\/+$/, '');

/** The server of WARMTERM_URL or of the last login. */
export function readServer(env: Environment): string {
  if (env.WARMTERM_URL) return toServer(env.WARMTERM_URL);
  const file = loginFile(env);
  const text = readIfThere(file);
  if (text === undefined) throw new Failure('No server is known yet. Run: warmterm login URL');
  try {
    return toServer((JSON.parse(text) as { url: string }).url);
  } catch (cause) {
    throw new Failure(`${file} cannot be read. Run: warmterm login URL`, { cause });
  }
}

export function writeServer(env: Environment, server: string): void {
  replace(loginFile(env), `${JSON.stringify({ url: server })}\n`);
}

/** The identity at `server`, or in WARMTERM_IDENTITY_FILE. */
export function openIdentity(env: Environment, server: string): Identity {
  const file = env.WARMTERM_IDENTITY_FILE || join(folder(env), 'identities', encodeURIComponent(server));
  let known: string | undefined;
  return {
    get() {
      known ??= read(file) ?? propose(file);
      return known;
    },
    keep(signed) {
      if (signed === known || !isId(signed)) return;
      known = signed;
      replace(file, `${signed}\n`);
    },
    forget() {
      known = undefined;
      rmSync(file, { force: true });
    },
  };
}

const isId = (text: string) => /^[\w.-]{1,100}$/.test(text);

function read(file: string): string | undefined {
  const id = readIfThere(file)?.trim();
  if (id === undefined || isId(id)) return id;
  throw new Failure(`${file} has no valid identity. Remove it, and run: warmterm login URL`);
}

/** Creates a new id, or returns the one that another client has just created. */
function propose(file: string): string {
  const id = `new.${randomBytes(16).toString('base64url')}`;
  const draft = write(file, `${id}\n`);
  try {
    linkSync(draft, file);
    return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return read(file) ?? id;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function replace(file: string, text: string): void {
  renameSync(write(file, text), file);
}

/** Writes a complete temporary file beside `file`, to replace it atomically. */
function write(file: string, text: string): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, text, { mode: 0o600 });
    chmodSync(draft, 0o600);
  } catch (cause) {
    throw new Failure(`${file} cannot be written: ${(cause as Error).message}`, { cause });
  }
  return draft;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure(`${file} cannot be read: ${(error as Error).message}`);
  }
}
