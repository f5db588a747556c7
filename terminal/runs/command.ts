// The interface of a started command, with pipes or a tty: it gets signals and ends once.

import type { RunExit, Stream } from '../../common/runs.ts';
import type { RunInput } from './input.ts';
import type { Ring } from './ring.ts';

/** Signals, each with the milliseconds after which it is sent. */
export type Termination = readonly (readonly [signal: NodeJS.Signals, afterMs: number])[];

export type Command = {
  /** Its streams, where it has any. */
  output: Record<Stream, Ring> | undefined;
  input: RunInput | undefined;
  /** The leader of its process group; undefined if the command never started, or tmux started it. */
  pid: number | undefined;
  /** The tmux session of a run with a tty, while one can attach to it. */
  readonly session: string | undefined;
  /** Signals the whole process group. Does nothing once the command has ended. */
  signal: (name: NodeJS.Signals) => void;
  /** Sends the plan's signals until the command ends, then kills the rest of its group. False if it has already ended. */
  terminate: (plan: Termination) => boolean;
  /** Keeps a stream from running more than a ring ahead of `taken` bytes. undefined: drop the oldest bytes instead. */
  limit: (stream: Stream, taken: number | undefined) => void;
  /** How it ended, once all output is stored. Never rejects. */
  ended: Promise<RunExit>;
  /** Frees its disk space and its tmux session. */
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

/** A request, resolved for starting a command. */
export type CommandOptions = {
  run: string;
  command: string[];
  /** The whole environment. For a tty: only what is added to tmux's. */
  environment: Record<string, string>;
  /** Where a command without a slash is searched. */
  searchPath: string | undefined;
  /** Absolute. */
  directory: string;
};
