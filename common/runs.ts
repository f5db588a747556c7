// Runs: commands that somebody has executed in a terminal pod, beside the shell that the page shows (`warmterm run`). The
// protocol between a client and the pod, over socket.io, in a namespace of its own on the terminal's socket; the ticket is that
// of the terminal. Every request is answered, and may be sent again when the answer was lost: `start` by its run id, `input` by
// its offset. Output carries absolute offsets, so a client that comes back continues where it was.

import * as z from 'zod';
import { runIdSchema } from './run-id.ts';
import { sizeSchema } from './socket.ts';

/** One WebSocket may carry this namespace and `/`, each once: the ticket is for both. This one's handshake needs no `auth`. */
export const runsNamespace = '/runs';

export { runIdSchema };

export const streams = ['stdout', 'stderr'] as const;
export type Stream = (typeof streams)[number];

/** A position in a stream: how many bytes came before it. */
const offsetSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const signalNames = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;

/** A longer command, with its environment, is refused by the socket. Bytes. */
export const longestCommand = 128 * 1_024;

/** Begins a run; the same id again changes nothing, and is answered with the run's status. */
export const startRunSchema = z.strictObject({
  run: runIdSchema,
  /** The program and its arguments, as they are: no shell reads them. */
  command: z.array(z.string()).min(1).max(4_096),
  /** In addition to the environment of the terminal's shell. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()),
  /** Absolute, or below the home directory; the home directory when absent. */
  directory: z.string().max(4_096).optional(),
  /**
   * With a size the run has a tty: it is a tmux session of its own, to which a socket of the terminal (socket.ts) attaches with the
   * run's id in its handshake. What the screen of a detached one is sent is its stdout, beside. Without, its output is two streams of
   * bytes.
   */
  tty: sizeSchema.optional(),
  /** Whether `input` follows; without, the command reads from /dev/null. */
  stdin: z.boolean(),
  /** A detached run lives without a client. Another one ends when its client has been away for the pool's `run-grace`. */
  detached: z.boolean(),
  /** After so long it is ended: SIGTERM, and SIGKILL ten seconds later. */
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400_000)
    .optional(),
  /** Whether the terminal ends with the run: some time after (`run-linger`), so that the output can be read. */
  endsTerminal: z.boolean(),
});
export type StartRun = z.infer<typeof startRunSchema>;

/**
 * How a run ended: by the command's own exit code, or by a signal. `cause` where it did not end by itself: its `timeout`, `stop`ped
 * by its owner, `abandoned` by its client, or its terminal ended (`terminal`). `not-found` and `not-executable`: it never began.
 */
export type RunExit = {
  code?: number;
  signal?: string;
  cause?: 'timeout' | 'stop' | 'abandoned' | 'terminal' | 'not-found' | 'not-executable';
  /** One sentence, where there is more to say. */
  message?: string;
};

export type RunStatus = {
  run: string;
  command: string[];
  tty: boolean;
  detached: boolean;
  /** By the pod's clock, ISO 8601. */
  startedAt: string;
  /** How many bytes of each stream there have been so far, and from which on they can still be read. */
  output: Record<Stream, { from: number; to: number }>;
  /** How many bytes of input the run was given so far: the next `input` begins there. */
  input: number;
  /** Once it has ended. */
  exit?: RunExit;
};

export const followSchema = z.strictObject({
  run: runIdSchema,
  from: z.strictObject({ stdout: offsetSchema, stderr: offsetSchema }),
  /** `false`: only the exit is sent, and nothing waits for this client to read. */
  output: z.boolean().optional(),
});
export type Follow = z.infer<typeof followSchema>;

export const runInputSchema = z.strictObject({
  run: runIdSchema,
  /** Bytes that the run was given before are ignored; a gap is the error `conflict`. */
  offset: offsetSchema,
  /** At most `maxInputLength`. */
  bytes: z.instanceof(Uint8Array),
  /** Nothing comes after it. */
  end: z.boolean(),
});
export type RunInput = z.infer<typeof runInputSchema>;

/** Bytes of a stream that may be under way to a client, beyond what it has taken. */
export const outputAhead = 1_048_576;

/** Bytes of input that may be under way to a run, beyond what it is known to have. More is refused, and may be sent again later. */
export const inputAhead = 1_048_576;

/** What every request is answered with. `code` is one of errors.ts. */
export type Answer<T> = { ok: true; value: T } | { ok: false; code: string; message: string };

export type RunServerEvents = {
  /** In the order of the offsets of each stream. */
  output: (piece: { run: string; stream: Stream; offset: number; bytes: Uint8Array }) => void;
  /** These bytes are no longer there: more was printed than is kept. */
  dropped: (gap: { run: string; stream: Stream; from: number; to: number }) => void;
  /** After all output. A connection that ends without it says nothing of the run. */
  exit: (exit: { run: string; exit: RunExit }) => void;
};

export type RunClientEvents = {
  start: (run: StartRun, answer: (answer: Answer<RunStatus>) => void) => void;
  list: (answer: (answer: Answer<RunStatus[]>) => void) => void;
  /** From now on this socket is sent the run's output and exit; whoever follows counts as the run's client. */
  follow: (follow: Follow, answer: (answer: Answer<RunStatus>) => void) => void;
  /** Answered once the run has it: how many bytes of input it has then. */
  input: (input: RunInput, answer: (answer: Answer<number>) => void) => void;
  /** The client has read so many bytes of the stream. */
  taken: (taken: { run: string; stream: Stream; offset: number }) => void;
  signal: (
    signal: { run: string; signal: (typeof signalNames)[number] },
    answer: (answer: Answer<null>) => void,
  ) => void;
  /** SIGTERM, and SIGKILL ten seconds later. */
  stop: (run: string, answer: (answer: Answer<null>) => void) => void;
};
