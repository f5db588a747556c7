// What a run is to the rest, whether it has pipes or a tty: something that was started, can be sent signals, and ends once.

import type { RunExit, Stream } from '../../common/runs.ts';
import type { RunInput } from './input.ts';
import type { Ring } from './ring.ts';

/** Signals, and after how many milliseconds each is sent. */
export type Termination = readonly (readonly [signal: NodeJS.Signals, afterMs: number])[];

export type Command = {
  /** Its streams, where it has any. */
  output: Record<Stream, Ring> | undefined;
  input: RunInput | undefined;
  /** The leader of its process group; undefined for a command that was never started, or that tmux has started. */
  pid: number | undefined;
  /** The tmux session of a run with a tty, as tmux names it, for as long as one can attach to it. */
  readonly session: string | undefined;
  /** Sends a signal to all of its process group. Nothing happens once the command has ended. */
  signal: (name: NodeJS.Signals) => void;
  /** Sends signals until the command ends, and then ends the rest of its group. False when it has ended already. */
  terminate: (plan: Termination) => boolean;
  /** Keeps a stream from running more than a ring ahead of `taken` bytes; undefined: it drops the oldest instead. */
  limit: (stream: Stream, taken: number | undefined) => void;
  /** How it has ended, once all output is there. Never rejects. */
  ended: Promise<RunExit>;
  /** Gives back its disk space, and its tmux session. */
  forget: () => void;
};

/** A command that could not be started. */
export const neverStarted = (exit: RunExit): Command => ({
  output: undefined,
  input: undefined,
  pid: undefined,
  session: undefined,
  signal: () => {},
  terminate: () => false,
  limit: () => {},
  ended: Promise.resolve(exit),
  forget: () => {},
});

/** What starts a command: the ready-made rest of a request. */
export type CommandOptions = {
  run: string;
  command: string[];
  /** All of it; of a run with a tty, what comes on top of that of tmux. */
  environment: Record<string, string>;
  /** Where a command without a slash is looked for. */
  searchPath: string | undefined;
  /** Absolute. */
  directory: string;
};
