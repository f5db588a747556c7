// Clients that write to an HTTP server's socket what no regular client writes: pipelined requests, upgrades in every state, partial
// requests, resets, and unread answers. They use a seed, and work against any of our servers.

import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { ExecutionContext } from 'ava';
import { createRandom, type Random } from '../../bench/simulate/random.ts';
import { makeGarbage } from './garbage.ts';
import { budget, seedOf } from './long.ts';
import { poll } from './poll.ts';

export const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
export const upgrade = (path = '/', protocol = 'x', more = '') =>
  get(path, `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${more}`);

export type RawTarget = {
  port: number;
  /** Paths for garbage. */
  paths: string[];
  /** Header lines that authenticate a part of the garbage. */
  known?: string[];
  /** Complete requests that the server answers. */
  requests: string[];
  /** The server's process. */
  pid?: number;
  isWell: () => Promise<boolean>;
};

const rounds = { short: 150, long: 100_000 };
const atOnce = 20;
const warmUp = 60;
const mostGrowth = 100;

/** Sends such traffic to `target`. Checks that its process then has as many open files as before, and little more memory. */
export async function fuzzRawSockets(t: ExecutionContext, target: RawTarget): Promise<void> {
  t.timeout(7_200_000);
  const process_ = `/proc/${target.pid ?? 'self'}`;
  const files = () => readdirSync(`${process_}/fd`).length;
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${process_}/status`, 'utf8'))?.[1]) / 1_024;
  const random = createRandom(seedOf(t));
  // Exclude what the first requests allocate permanently.
  await Promise.all(Array.from({ length: warmUp }, () => talk(target, random)));
  const before = await settle(files);
  const memoryBefore = memory();
  let left = budget(rounds);
  const worker = async () => {
    while (left-- > 0) await talk(target, random);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  t.true(await poll(() => files() <= before, 30_000), `${files()} files are open, ${before} before`);
  const grown = Math.round(memory() - memoryBefore);
  t.log(`grown by ${grown} MiB`);
  t.true(grown < mostGrowth, `grown by ${grown} MiB`);
  t.true(await target.isWell());
}

/** The number of open files once it stops falling: the connections of the warm-up are closed by then. */
async function settle(files: () => number): Promise<number> {
  let [least, same] = [files(), 0];
  await poll(() => {
    const now = files();
    same = now < least ? 0 : same + 1;
    least = Math.min(least, now);
    return same > 50;
  }, 10_000);
  return least;
}

/** One connection: some requests, complete or not, read or not, closed in one of several ways. */
function talk(target: RawTarget, random: Random): Promise<void> {
  const { port, paths, known = [], requests } = target;
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const garbage = () => makeGarbage({ port, paths, known }, random);
  const pieces = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
    const request = one(requests);
    const piece = random() < 0.1 ? request.repeat(50) : random() < 0.3 ? garbage() : request;
    return random() < 0.2 ? piece.slice(0, Math.floor(random() * piece.length)) : piece;
  });
  const end = one(['end', 'destroy', 'reset', 'reset later', 'wait'] as const);
  const reads = random() < 0.7;
  const patienceMs = 200 * random();
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    if (reads) socket.resume();
    for (const piece of pieces) socket.write(piece, 'latin1');
    if (end === 'end') socket.end();
    if (end === 'destroy') setImmediate(() => socket.destroy());
    if (end === 'reset') setImmediate(() => socket.resetAndDestroy());
    // Close while the server is busy: it verifies a ticket, calls the manager, or writes an answer.
    if (end === 'reset later') setTimeout(() => socket.resetAndDestroy(), patienceMs / 10);
    // A client that does not read never sees the end, so it closes after a while.
    else setTimeout(() => socket.destroy(), patienceMs);
  });
}
