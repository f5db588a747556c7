// A real socket.io client of a terminal's runs. It starts, follows and reads a run, and resumes after a reconnect.

import { createHash, randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { io, type Socket } from 'socket.io-client';
import { browserParser } from '../../common/output-frames.ts';
import {
  type Answer,
  type RunClientEvents,
  type RunExit,
  type RunServerEvents,
  type RunStatus,
  runsNamespace,
  type StartRun,
  type Stream,
} from '../../common/runs.ts';
import { maxInputLength } from '../../common/socket.ts';
import { offerTicket } from '../../common/socket-protocol.ts';
import { Journal } from './terminal-journal.ts';
import { startManager, type TestManager } from './terminal-manager.ts';
import { startTerminal } from './terminal-process.ts';

type Terminal = Awaited<ReturnType<typeof startTerminal>>;
export type RunSocket = Socket<RunServerEvents, RunClientEvents>;

export const newRunId = (): string => randomBytes(8).toString('hex');

/** Opens a socket, and closes it at the end of the test. Rejects when the server refuses it. */
export async function openRuns(
  t: ExecutionContext,
  terminal: Terminal,
  manager: TestManager,
  role: 'owner' | 'editor' | 'viewer' = 'owner',
): Promise<RunSocket> {
  const socket: RunSocket = io(terminal.url + runsNamespace, {
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    forceNew: true,
    protocols: offerTicket(await manager.ticket({ role })),
  });
  t.teardown(() => socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** A terminal with its own manager, and a socket of its owner. */
export async function startRunTerminal(t: ExecutionContext, settings: Record<string, string> = {}) {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings });
  return { manager, terminal, socket: await openRuns(t, terminal, manager) };
}

/** The answer to a request. Rejects when the connection ends first. */
export function ask<T>(socket: RunSocket, event: keyof RunClientEvents, ...args: unknown[]): Promise<Answer<T>> {
  const emit = socket.emit as unknown as (event: string, ...args: unknown[]) => void;
  return new Promise((resolve, reject) => {
    const lost = (reason: string) => reject(new Error(`The line was lost: ${reason}`));
    if (!socket.connected) return lost('before');
    socket.once('disconnect', lost);
    emit.call(socket, event, ...args, (answer: Answer<T>) => {
      socket.off('disconnect', lost);
      resolve(answer);
    });
  });
}

/** The value of the answer; throws its message when it is an error. */
export async function get<T>(socket: RunSocket, event: keyof RunClientEvents, ...args: unknown[]): Promise<T> {
  const answer = await ask<T>(socket, event, ...args);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.value;
}

export const request = (command: string[], rest: Partial<StartRun> = {}): StartRun => ({
  run: newRunId(),
  command,
  environment: {},
  stdin: false,
  detached: false,
  endsTerminal: false,
  ...rest,
});

/** The state of one client of one run, over any number of sockets. */
export class Received {
  readonly run: string;
  readonly chunks: Record<Stream, Buffer[]> = { stdout: [], stderr: [] };
  readonly at: Record<Stream, number> = { stdout: 0, stderr: 0 };
  readonly dropped: { stream: Stream; from: number; to: number }[] = [];
  readonly exits = new Journal<RunExit>('exits');
  /** Has an entry for each piece of output. */
  readonly pieces = new Journal<number>('pieces');
  readonly problems: string[] = [];
  #hashes = { stdout: createHash('sha256'), stderr: createHash('sha256') };
  readonly #keeps: boolean;

  constructor(t: ExecutionContext, run: string, { keeps = true }: { keeps?: boolean } = {}) {
    this.run = run;
    this.#keeps = keeps;
    t.teardown(() => {
      this.exits.close();
      this.pieces.close();
    });
  }

  /** Follows the run on `socket` from the current offset. `takes`: whether it acknowledges what it reads. */
  async follow(socket: RunSocket, { takes = true }: { takes?: boolean } = {}): Promise<RunStatus> {
    socket.on('output', ({ run, stream, offset, bytes }) => {
      if (run !== this.run) return;
      if (offset !== this.at[stream]) this.problems.push(`${stream} at ${this.at[stream]} was sent ${offset}`);
      if (this.exits.entries.length > 0) this.problems.push(`${stream} after the exit`);
      this.#hashes[stream].update(bytes);
      if (this.#keeps) this.chunks[stream].push(Buffer.from(bytes));
      this.at[stream] = offset + bytes.length;
      if (takes) socket.emit('taken', { run, stream, offset: this.at[stream] });
      this.pieces.add(bytes.length);
      if (!this.#keeps) this.pieces.entries.length = 0;
    });
    socket.on('dropped', ({ run, stream, from, to }) => {
      if (run !== this.run) return;
      if (from !== this.at[stream])
        this.problems.push(`${stream} at ${this.at[stream]} was told of a gap from ${from}`);
      this.dropped.push({ stream, from, to });
      this.at[stream] = to;
    });
    socket.on('exit', ({ run, exit }) => run === this.run && this.exits.add(exit));
    return get<RunStatus>(socket, 'follow', { run: this.run, from: { ...this.at } });
  }

  text(stream: Stream): string {
    return Buffer.concat(this.chunks[stream]).toString();
  }

  hash(stream: Stream): string {
    return this.#hashes[stream].copy().digest('hex');
  }

  /** Resolves once `wanted` is in the stream. */
  sees(stream: Stream, wanted: string): Promise<true> {
    return this.pieces.until(() => this.text(stream).includes(wanted) || undefined);
  }
}

/** Starts a run and follows it from the beginning. */
export async function begin(t: ExecutionContext, socket: RunSocket, wanted: StartRun, keeps = true): Promise<Received> {
  await get<RunStatus>(socket, 'start', wanted);
  const received = new Received(t, wanted.run, { keeps });
  await received.follow(socket);
  return received;
}

/** Runs a command until it ends. */
export async function run(t: ExecutionContext, socket: RunSocket, command: string[], rest: Partial<StartRun> = {}) {
  const received = await begin(t, socket, request(command, rest));
  return { exit: await received.exits.next(), received };
}

/** Sends input in pieces from the run's current offset, and closes it. Resolves with the final offset. */
export async function sendInput(socket: RunSocket, id: string, bytes: Buffer, from = 0): Promise<number> {
  let at = from;
  do {
    const piece = bytes.subarray(at, at + maxInputLength);
    const end = at + piece.length >= bytes.length;
    at = await get<number>(socket, 'input', { run: id, offset: at, bytes: piece, end });
  } while (at < bytes.length);
  return at;
}
