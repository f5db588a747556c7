// Runs: commands in a terminal pod, beside the shell that the page shows (`warmterm run`). The protocol between a client and the pod uses
// socket.io, in a namespace of its own on the terminal's socket, with the terminal's ticket. Every request is answered and may be sent
// again if the answer was lost: `start` by its run id, `input` by its offset. Output carries absolute offsets, so a client that reconnects
// continues where it stopped.

import * as z from 'zod';
import { runIdSchema } from './run-id.ts';
import { sizeSchema } from './socket.ts';

/** A WebSocket may use this namespace and `/`, once each: the ticket covers both. This handshake needs no `auth`. */
export const runsNamespace = '/runs';

export { runIdSchema };

export const streams = ['stdout', 'stderr'] as const;
export type Stream = (typeof streams)[number];

/** A position in a stream: the number of bytes before it. */
const offsetSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const signalNames = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;

/** The maximum size of a command with its environment, in bytes. */
export const longestCommand = 128 * 1_024;

/** Starts a run. A repeated id changes nothing, and is answered with the run's status. */
export const startRunSchema = z.strictObject({
  run: runIdSchema,
  /** The program and its arguments. No shell parses them. */
  command: z.array(z.string()).min(1).max(4_096),
  /** Added to the environment of the terminal's shell. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()),
  /** Absolute, or relative to the home directory. Default: the home directory. */
  directory: z.string().max(4_096).optional(),
  /**
   * With a size the run has a tty: it is a tmux session, to which a socket of the terminal (socket.ts) attaches with the run's id in its
   * handshake. A detached run also records the output of its screen as stdout. Without a size, stdout and stderr are two streams of bytes.
   */
  tty: sizeSchema.optional(),
  /** Whether `input` follows. Otherwise the command reads from /dev/null. */
  stdin: z.boolean(),
  /** A detached run needs no client. An attached one ends when its client has been away for the pool's `run-grace`. */
  detached: z.boolean(),
  /** Ends the run after this time: SIGTERM, and SIGKILL ten seconds later. */
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400_000)
    .optional(),
  /** Whether the terminal ends some time after the run (`run-linger`), so that its output can still be read. */
  endsTerminal: z.boolean(),
});
export type StartRun = z.infer<typeof startRunSchema>;

/**
 * How a run ended: by the command's exit code, or by a signal. `cause` if it did not end by itself: its `timeout`, `stop`ped by its owner,
 * `abandoned` by its client, or its terminal ended (`terminal`). `not-found` and `not-executable`: the command never started.
 */
export type RunExit = {
  code?: number;
  signal?: string;
  cause?: 'timeout' | 'stop' | 'abandoned' | 'terminal' | 'not-found' | 'not-executable';
  /** One sentence with details, if there are any. */
  message?: string;
};

export type RunStatus = {
  run: string;
  command: string[];
  tty: boolean;
  detached: boolean;
  /** By the pod's clock, ISO 8601. */
  startedAt: string;
  /** Of each stream, the number of bytes so far, and the offset of the oldest byte that can still be read. */
  output: Record<Stream, { from: number; to: number }>;
  /** The number of bytes of input so far: the offset of the next `input`. */
  input: number;
  /** Present once the run has ended. */
  exit?: RunExit;
};

export const followSchema = z.strictObject({
  run: runIdSchema,
  from: z.strictObject({ stdout: offsetSchema, stderr: offsetSchema }),
  /** `false`: send only the exit, and do not wait for this client to read. */
  output: z.boolean().optional(),
});
export type Follow = z.infer<typeof followSchema>;

export const runInputSchema = z.strictObject({
  run: runIdSchema,
  /** Bytes before the run's present offset are ignored. A gap is the error `conflict`. */
  offset: offsetSchema,
  /** At most `maxInputLength`. */
  bytes: z.instanceof(Uint8Array),
  /** The input ends with these bytes. */
  end: z.boolean(),
});
export type RunInput = z.infer<typeof runInputSchema>;

/** How many bytes of a stream may be sent beyond what the client has acknowledged. */
export const outputAhead = 1_048_576;

/** How many bytes of input may be sent beyond what the run has acknowledged. More is refused, and may be sent again later. */
export const inputAhead = 1_048_576;

/** The answer to every request. `code` is one of errors.ts. */
export type Answer<T> = { ok: true; value: T } | { ok: false; code: string; message: string };

export type RunServerEvents = {
  /** In order of offsets for each stream. */
  output: (piece: { run: string; stream: Stream; offset: number; bytes: Uint8Array }) => void;
  /** These bytes are lost: more was printed than is kept. */
  dropped: (gap: { run: string; stream: Stream; from: number; to: number }) => void;
  /** Comes after all output. A connection that closes without it does not mean that the run has ended. */
  exit: (exit: { run: string; exit: RunExit }) => void;
};

export type RunClientEvents = {
  start: (run: StartRun, answer: (answer: Answer<RunStatus>) => void) => void;
  list: (answer: (answer: Answer<RunStatus[]>) => void) => void;
  /** Subscribes this socket to the run's output and exit, and counts it as the run's client. */
  follow: (follow: Follow, answer: (answer: Answer<RunStatus>) => void) => void;
  /** Answered once the run has the bytes, with the number of bytes of input it has then. */
  input: (input: RunInput, answer: (answer: Answer<number>) => void) => void;
  /** The client has read the stream up to this offset. */
  taken: (taken: { run: string; stream: Stream; offset: number }) => void;
  signal: (
    signal: { run: string; signal: (typeof signalNames)[number] },
    answer: (answer: Answer<null>) => void,
  ) => void;
  /** Sends SIGTERM, and SIGKILL ten seconds later. */
  stop: (run: string, answer: (answer: Answer<null>) => void) => void;
};
