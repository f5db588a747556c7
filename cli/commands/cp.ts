// warmterm cp: copies files and folders to and from a terminal, by tar on both sides. RUN:path is in the terminal of a run, :path in that of
// the page. A relative path there is relative to the home directory.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { Opened } from '../../common/terminals-api.ts';
import type { Api, Target } from '../api/api.ts';
import { createLostNotice } from '../connection/lost-notice.ts';
import { findRun } from '../connection/with-runs.ts';
import type { Context } from '../context.ts';
import { Failure, Interrupted } from '../failure.ts';
import { claimFor } from '../run/claim-for.ts';
import { outcomeOf } from '../run/exit-code.ts';
import { type Following, followRun } from '../run/follow-run.ts';
import { makeRunId, readRunId } from '../run/ids.ts';
import { readStdin } from '../run/stdin.ts';

/** `run`: undefined for the terminal of the page. */
export type Place = { at: 'local'; path: string } | { at: 'remote'; run: string | undefined; path: string };

/** Parses a path: `RUN:path` and `:path` are remote; `./a:b` and `/a:b` are local. Pure. */
export function readPlace(text: string): Place {
  const match = /^([^/:.]*):(.*)$/s.exec(text);
  if (!match) return { at: 'local', path: text };
  const [, run = '', path = ''] = match;
  return { at: 'remote', run: run === '' ? undefined : readRunId(run), path: path === '' ? '.' : path };
}

// $1 is the target, $2 the name in the archive: extract into an existing folder, else as $1 itself.
const unpack = `set -e
if [ -d "$1" ]; then exec tar xf - -C "$1"; fi
case $1 in */) echo "$1: no such folder" >&2; exit 1;; esac
parent=$(dirname -- "$1"); [ -d "$parent" ] || { echo "$parent: no such folder" >&2; exit 1; }
draft=$(mktemp -d "$parent/.warmterm-XXXXXX"); trap 'rm -rf -- "$draft"' EXIT
tar xf - -C "$draft"; mv -- "$draft/$2" "$1"`;

const pack = `set -e
[ -e "$1" ] || [ -L "$1" ] || { echo "$1: no such file or folder" >&2; exit 1; }
path=$(cd -- "$(dirname -- "$1")" && pwd -P)/$(basename -- "$1")
case $1 in .|*/.|/) cd -- "$1"; exec tar cf - .;; esac
exec tar cf - -C "$(dirname -- "$path")" -- "$(basename -- "$path")"`;

export async function cp(context: Context, from: string, to: string, { pool }: { pool?: string }): Promise<number> {
  const [source, destination] = [readPlace(from), readPlace(to)];
  if (source.at === destination.at)
    throw new Failure('One of the two must be in a terminal: RUN:path, or :path for the terminal of the page.');
  const leaving = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => leaving.abort(new Interrupted(code)));
  const there = source.at === 'remote' ? source : (destination as Extract<Place, { at: 'remote' }>);
  const place = await locate(context, there.run, pool, leaving.signal);
  return source.at === 'local'
    ? upload(context, place, source.path, there.path, leaving.signal)
    : download(context, place, there.path, destination.path, leaving.signal);
}

type Located = { api: Api; target: Target; first: Opened | undefined };

async function locate(
  context: Context,
  run: string | undefined,
  pool: string | undefined,
  signal: AbortSignal,
): Promise<Located> {
  const api = context.api();
  if (run !== undefined) {
    const { target } = await findRun(api, run, createLostNotice(context.say.line));
    return { api, target, first: undefined };
  }
  const target = { pool };
  return { api, target, first: await claimFor({ api, say: context.say }, target, signal) };
}

async function upload(
  context: Context,
  place: Located,
  path: string,
  to: string,
  signal: AbortSignal,
): Promise<number> {
  const full = resolve(path);
  if (!existsSync(full)) throw new Failure(`${path}: no such file or folder`);
  const whole = /(^|\/)\.?\/?$/.test(path) || full === '/';
  const [folder, name] = whole ? [full, '.'] : [dirname(full), basename(full)];
  const tar = startTar(['cf', '-', '-C', folder, '--', name], ['ignore', 'pipe', 'inherit']);
  const over = runThere(
    context,
    place,
    ['sh', '-c', unpack, 'sh', to, name],
    context.stdout,
    tar.child.stdout!,
    signal,
  );
  return settle(tar, over);
}

async function download(
  context: Context,
  place: Located,
  path: string,
  to: string,
  signal: AbortSignal,
): Promise<number> {
  const intoFolder = existsSync(to) && statSync(to).isDirectory();
  if (!intoFolder && (to.endsWith('/') || !existsSync(dirname(resolve(to)))))
    throw new Failure(`${to}: no such folder`);
  const folder = intoFolder ? to : mkdtempSync(join(dirname(resolve(to)), '.warmterm-'));
  try {
    const tar = startTar(['xf', '-', '-C', folder], ['pipe', 'inherit', 'inherit']);
    const input = tar.child.stdin!;
    // tar may stop reading before the end of its input. Its exit code reports failures.
    input.on('error', () => {});
    const over = runThere(context, place, ['sh', '-c', pack, 'sh', path], input, undefined, signal).finally(() =>
      input.end(),
    );
    const code = await settle(tar, over);
    if (code === 0 && !intoFolder) renameSync(join(folder, basename(path)), resolve(to));
    return code;
  } finally {
    if (!intoFolder) rmSync(folder, { recursive: true, force: true });
  }
}

function startTar(args: string[], stdio: ('ignore' | 'pipe' | 'inherit')[]) {
  const child: ChildProcess = spawn('tar', args, { stdio });
  const code = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Failure('cp needs the program tar on this machine, and it could not be started.', { cause })),
    );
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { child, code };
}

async function settle(tar: { child: ChildProcess; code: Promise<number> }, over: Promise<number>): Promise<number> {
  tar.code.catch(() => {});
  try {
    const there = await over;
    // If the remote end has failed, the local tar would write for ever.
    if (there !== 0) tar.child.kill();
    return there || (await tar.code);
  } catch (error) {
    tar.child.kill();
    throw error;
  }
}

async function runThere(
  { say, stderr }: Context,
  place: Located,
  command: string[],
  stdout: Writable,
  stdin: NodeJS.ReadableStream | undefined,
  signal: AbortSignal,
): Promise<number> {
  const run = makeRunId();
  let following: Following | undefined;
  const input = stdin && readStdin(stdin as import('node:stream').Readable, () => following?.pump());
  following = followRun({
    link: place,
    run,
    start: { run, command, environment: {}, stdin: stdin !== undefined, detached: false, endsTerminal: false },
    sinks: { stdout, stderr },
    input,
    onLine: () => {},
    onDropped: () => {},
    onClosed: () => {},
    signal,
  });
  const { code, reason } = outcomeOf(await following.exit);
  if (reason !== undefined) say.line(reason);
  return code;
}
