// The socket.io namespace of runs (common/runs.ts): parses and answers requests, and sends followed output. No message of a client makes it
// throw.

import type { Namespace, Socket } from 'socket.io';
import * as z from 'zod';
import { ServiceError, toServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import {
  type Answer,
  followSchema,
  longestCommand,
  type RunClientEvents,
  type RunServerEvents,
  runIdSchema,
  runInputSchema,
  type StartRun,
  signalNames,
  startRunSchema,
  streams,
} from '../../common/runs.ts';
import { maxInputLength } from '../../common/socket.ts';
import type { Ticket } from '../../common/ticket.ts';
import { Follower } from './follower.ts';
import type { Run } from './run.ts';
import type { Runs } from './runs.ts';

export type RunSocketData = { ticket: Ticket };
export type RunSocket = Socket<RunClientEvents, RunServerEvents, Record<string, never>, RunSocketData>;
export type RunNamespace = Namespace<RunClientEvents, RunServerEvents, Record<string, never>, RunSocketData>;

const takenSchema = z.strictObject({
  run: runIdSchema,
  stream: z.enum(streams),
  offset: followSchema.shape.from.shape.stdout,
});
const signalSchema = z.strictObject({ run: runIdSchema, signal: z.enum(signalNames) });

export type RunConnectionOptions = {
  socket: RunSocket;
  runs: Runs;
  /** The client has started or followed a run: it counts as connected. */
  onClient: () => void;
  log: Logger;
};

/** Serves one client. */
export function connectRuns({ socket, runs, onClient, log }: RunConnectionOptions): void {
  const mayWrite = socket.data.ticket.role !== 'viewer';
  const followed = new Map<string, { run: Run; follower: Follower }>();
  const joined = new Set<Run>();

  const join = (run: Run): void => {
    onClient();
    if (!mayWrite) return;
    joined.add(run);
    run.join(socket);
  };

  /** Handles one kind of request. Calls `then` after the answer. */
  function on<T, R>(
    event: keyof RunClientEvents,
    schema: z.ZodType<T>,
    { role, handle }: { role: 'any' | 'writer'; handle: (data: T) => Promise<R> | R },
    then: (data: T) => void = () => {},
  ): void {
    listen(socket, event, async (...args) => {
      const reply = typeof args.at(-1) === 'function' ? args.pop() : undefined;
      const answer = (value: Answer<R>) => void (typeof reply === 'function' && reply(value));
      try {
        const data = schema.safeParse(args[0]);
        if (!data.success) throw new ServiceError('invalid-request', describe(event, data.error));
        if (role === 'writer' && !mayWrite) throw new ServiceError('forbidden', 'This ticket is read-only.');
        answer({ ok: true, value: await handle(data.data) });
        then(data.data);
      } catch (error) {
        const { code, message, cause } = toServiceError(error);
        if (code === 'internal')
          log.error({ err: cause, event }, 'a client’s request about a run failed with an internal error');
        answer({ ok: false, code, message });
      }
    });
  }

  on('start', startRunSchema, {
    role: 'writer',
    handle: async (request) => {
      checkCommand(request);
      const run = await runs.start(request);
      if (socket.connected) join(run);
      return run.status;
    },
  });
  on('list', z.undefined(), { role: 'any', handle: () => runs.list() });
  on(
    'follow',
    followSchema,
    {
      role: 'any',
      handle: ({ run: id, from }) => {
        const run = runs.get(id);
        for (const stream of run.rings ? streams : []) {
          const { to } = run.status.output[stream];
          if (from[stream] <= to) continue;
          throw new ServiceError(
            'conflict',
            `${stream} has ${to} bytes, so it cannot be followed from byte ${from[stream]}.`,
          );
        }
        return run.status;
      },
    },
    ({ run: id, from, output = true }) => {
      const run = runs.get(id);
      if (!socket.connected) return;
      unfollow(id);
      const follower = new Follower(output ? run.rings : undefined, from, {
        output: (piece) => socket.emit('output', { run: id, ...piece }),
        dropped: (gap) => socket.emit('dropped', { run: id, ...gap }),
        exit: (exit) => socket.emit('exit', { run: id, exit }),
      });
      followed.set(id, { run, follower });
      run.follow(follower, { waits: mayWrite && output });
      join(run);
    },
  );
  on('input', runInputSchema, {
    role: 'writer',
    handle: ({ run, bytes, ...piece }) => {
      if (bytes.length > maxInputLength)
        throw new ServiceError('too-large', `A piece of input may have at most ${maxInputLength} bytes.`);
      return runs.get(run).input({ ...piece, bytes });
    },
  });
  on('signal', signalSchema, {
    role: 'writer',
    handle: ({ run, signal }) => {
      runs.get(run).signal(signal);
      return null;
    },
  });
  on('stop', runIdSchema, {
    role: 'writer',
    handle: (run) => {
      runs.get(run).end('stop', 'The command was stopped.');
      return null;
    },
  });
  listen(socket, 'taken', (data) => {
    const taken = takenSchema.safeParse(data);
    const followedRun = taken.success ? followed.get(taken.data.run) : undefined;
    if (!taken.success || !followedRun) return;
    followedRun.follower.acknowledge(taken.data.stream, taken.data.offset);
    followedRun.run.pace();
  });

  const unfollow = (id: string): void => {
    const before = followed.get(id);
    followed.delete(id);
    before?.run.unfollow(before.follower);
  };

  socket.once('disconnect', (reason) => {
    for (const id of [...followed.keys()]) unfollow(id);
    for (const run of joined) runs.leave(run, socket, { clean: reason === 'client namespace disconnect' });
  });
}

/** Listens for messages of unknown type. */
function listen(socket: RunSocket, event: keyof RunClientEvents, listener: (...args: unknown[]) => void): void {
  (socket as unknown as { on: (event: string, listener: (...args: unknown[]) => void) => void }).on(event, listener);
}

/** Throws `too-large` or `invalid-request` for a command that the kernel would refuse. */
function checkCommand({ command, environment, directory = '' }: StartRun): void {
  const texts = [...command, ...Object.entries(environment).flat(), directory];
  if (texts.some((text) => text.includes('\0'))) {
    throw new ServiceError('invalid-request', 'A command, its environment and its directory must not contain NUL.');
  }
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  if (bytes > longestCommand) {
    throw new ServiceError('too-large', `A command with its environment may have at most ${longestCommand} bytes.`);
  }
}

function describe(event: string, error: z.ZodError): string {
  const [issue] = error.issues;
  const where = issue?.path.map(String).join('.');
  return `This is no request to ${event}: ${where ? `${where}: ` : ''}${issue?.message ?? 'it is of a wrong shape'}.`;
}
