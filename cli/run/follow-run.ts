// Follows a run over as many connections as needed: starts it once, receives its output without gaps or repetitions, applies its input once.
// Only the terminal reports the exit; a lost connection does not mean an exit.

import type { Writable } from 'node:stream';
import type { Socket } from 'socket.io-client';
import type {
  Answer,
  RunClientEvents,
  RunExit,
  RunServerEvents,
  RunStatus,
  StartRun,
  Stream,
  signalNames,
} from '../../common/runs.ts';
import { closeConnection } from '../connection/dial.ts';
import { type LinkOptions, runLink } from '../connection/link.ts';
import { Failure } from '../failure.ts';
import type { InputBuffer } from './input-buffer.ts';
import { Offsets, type Position } from './offsets.ts';
import { createOutputWriter } from './output-writer.ts';

export type RunSocket = Socket<RunServerEvents, RunClientEvents>;
export type SignalName = (typeof signalNames)[number];

/** A terminal that does not answer within this time is asked again over a new connection. */
const answerMs = 15_000;
/** How long to wait before offering input again to a command that does not read. */
const roomMs = 500;

export type FollowOptions = {
  link: Pick<LinkOptions, 'api' | 'target' | 'first'>;
  run: string;
  /** Undefined: the run already exists. */
  start?: StartRun | undefined;
  from?: Position | undefined;
  /** Ends once all output so far has arrived, as if the run had ended. */
  untilNow?: boolean;
  /** Only the exit is wanted. */
  exitOnly?: boolean;
  sinks: Record<Stream, Writable>;
  /** Undefined: no input from this client. */
  input?: { buffer: InputBuffer; onRoom: () => void } | undefined;
  /** Called with each connection, once the run has started. */
  onRunning?: (status: RunStatus, socket: RunSocket) => void;
  /** The connection is lost, or back. */
  onLine: (state: 'lost' | 'back') => void;
  /** Bytes that are lost. */
  onDropped: (stream: Stream, bytes: number) => void;
  onClosed: (stream: Stream) => void;
  /** Awaited before the end, while the connection is open. */
  beforeEnd?: () => Promise<void> | undefined;
  signal: AbortSignal;
};

export type Following = {
  /** Resolves after all output is written. Rejects with a Failure, or with the reason of `signal`. */
  exit: Promise<RunExit>;
  /** There is new input. */
  pump(): void;
  /** Resolves once the run was signalled, over this connection or the next. */
  kill(signal: SignalName): Promise<void>;
  stop(): Promise<void>;
};

export function followRun(options: FollowOptions): Following {
  const { run, input, sinks } = options;
  const offsets = new Offsets(options.from);
  const over = new AbortController();
  const leave = () => over.abort(options.signal.reason);
  options.signal.addEventListener('abort', leave, { once: true });
  if (options.signal.aborted) leave();
  let socket: RunSocket | undefined;
  let started = options.start === undefined;
  let exit: RunExit | undefined;
  let failure: unknown;
  let waiting: (() => void)[] = [];
  let goal: Position | undefined;
  // Of the input in transit: answers to an earlier generation are ignored.
  let generation = 0;

  const writer = createOutputWriter({
    sinks,
    onTaken: (stream, offset) => void socket?.emit('taken', { run, stream, offset }),
    onClosed: options.onClosed,
  });

  function fail(error: unknown): void {
    failure ??= error;
    over.abort(failure);
  }

  function finish(how: RunExit): void {
    exit = how;
    over.abort();
  }

  function finishAtGoal(): void {
    const at = offsets.at;
    if (goal && at.stdout >= goal.stdout && at.stderr >= goal.stderr) finish({});
  }

  function prepare(made: Socket): void {
    const at = made as RunSocket;
    at.on('output', (piece) => {
      if (piece.run !== run) return;
      try {
        const bytes = offsets.accept(piece);
        writer.write(piece.stream, bytes, offsets.at[piece.stream]);
        finishAtGoal();
      } catch {
        // A new connection requests the missing part.
        closeConnection(at);
      }
    });
    at.on('dropped', (gap) => {
      if (gap.run !== run) return;
      const lost = offsets.skip(gap);
      if (lost > 0) options.onDropped(gap.stream, lost);
      finishAtGoal();
    });
    at.on('exit', async (message) => {
      if (message.run !== run) return;
      await options.beforeEnd?.();
      finish(message.exit);
    });
  }

  const wish = () => ({ run, from: offsets.at, ...(options.exitOnly && { output: false }) });

  async function begin(at: RunSocket): Promise<void> {
    if (!started && options.start) {
      await ask<RunStatus>(at.timeout(answerMs).emitWithAck('start', options.start));
      started = true;
    }
    const status = await ask<RunStatus>(at.timeout(answerMs).emitWithAck('follow', wish()));
    if (!at.connected) return;
    socket = at;
    options.onLine('back');
    for (const resolve of waiting) resolve();
    waiting = [];
    options.onRunning?.(status, at);
    if (options.untilNow) {
      goal ??= { stdout: status.output.stdout.to, stderr: status.output.stderr.to };
      finishAtGoal();
    }
    resumeInput(status);
  }

  function pump(): void {
    const at = socket;
    if (!at || !input) return;
    const now = generation;
    for (let piece = input.buffer.next(); piece; piece = input.buffer.next()) {
      const sent = piece;
      // Without a deadline, because a command may be slow to read. A dead connection is noticed by its heartbeat.
      at.emit('input', { run, ...sent }, (answer) => {
        if (socket !== at || generation !== now) return;
        if (!answer.ok) return resumeLater(at, answer.code);
        input.buffer.taken(sent, answer.value);
        input.onRoom();
        pump();
      });
    }
  }

  /** The run has no room for a piece and refuses the next ones. Send again later from its offset. */
  function resumeLater(at: RunSocket, code: string): void {
    if (code !== 'too-many-requests' && code !== 'conflict') return;
    generation += 1;
    setTimeout(async () => {
      try {
        const statuses = await ask<RunStatus[]>(at.timeout(answerMs).emitWithAck('list'));
        const status = statuses.find((one) => one.run === run);
        if (socket === at && status) resumeInput(status);
      } catch {
        if (socket === at) closeConnection(at);
      }
    }, roomMs).unref();
  }

  function resumeInput(status: RunStatus): void {
    generation += 1;
    input?.buffer.rewind(status.input);
    pump();
  }

  async function control(send: (at: RunSocket) => Promise<Answer<null>>): Promise<void> {
    while (!over.signal.aborted) {
      const at = socket;
      if (!at) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          over.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        continue;
      }
      try {
        const answer = await send(at);
        if (!answer.ok && answer.code !== 'not-found' && answer.code !== 'conflict') throw new Failure(answer.message);
        return;
      } catch (error) {
        if (error instanceof Failure) throw error;
        closeConnection(at);
      }
    }
  }

  async function follow(): Promise<RunExit> {
    await runLink(
      {
        ...options.link,
        namespace: '/runs',
        auth: () => ({}),
        prepare,
        onConnected: (made) =>
          void begin(made as RunSocket).catch((error) =>
            error instanceof Failure ? fail(error) : closeConnection(made),
          ),
        onLost() {
          socket = undefined;
          options.onLine('lost');
        },
      },
      over.signal,
    );
    if (exit === undefined) throw failure ?? options.signal.reason;
    await writer.flushed();
    return exit;
  }

  return {
    exit: follow().finally(() => options.signal.removeEventListener('abort', leave)),
    pump,
    kill: (signal) =>
      control((at) => at.timeout(answerMs).emitWithAck('signal', { run, signal }) as Promise<Answer<null>>),
    stop: () => control((at) => at.timeout(answerMs).emitWithAck('stop', run) as Promise<Answer<null>>),
  };
}

/** The value of an answer. Throws a Failure for a refusal. */
export async function ask<T>(asked: Promise<unknown>): Promise<T> {
  const answer = (await asked) as Answer<T>;
  if (answer.ok) return answer.value;
  throw new Failure(answer.message);
}
