// The protocol between a browser and a terminal, over socket.io (WebSocket transport only). Output is always binary,
// and one frame of its own (output-frames.ts): as JSON an ESC costs six bytes. Both ends import these types; nothing is mirrored by hand.

import * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import { runIdSchema } from './run-id.ts';
import type { Role } from './ticket.ts';

/** Columns and rows of one browser's view. */
export const sizeSchema = z.object({
  cols: z.number().int().min(2).max(1_000),
  rows: z.number().int().min(1).max(1_000),
});
export type Size = z.infer<typeof sizeSchema>;

/** The `auth` of the handshake. The ticket is in the request that opens the WebSocket (socket-protocol.ts). */
export const handshakeSchema = z.object({
  size: sizeSchema,
  /** Attaches to the tmux session of this run, which was started with a tty, instead of the terminal's own. */
  run: runIdSchema.optional(),
});
export type Handshake = z.infer<typeof handshakeSchema>;

/** `data` of the error with which a handshake is refused (`connect_error` in the browser). */
export type Refusal = { code: ErrorCode };

/** Input is cut into pieces of at most this many characters, or bytes: socket.io drops larger messages. */
export const maxInputLength = 65_536;

/** The browser acknowledges what xterm.js has parsed each time this many more bytes are through. */
export const acknowledgeEvery = 8_192;

/** A paste waits in the browser until the terminal has taken what it was sent of it, but for so many characters or bytes. */
export const pasting = { piece: 16_384, ahead: 4 } as const;

/** What is searched for is one line, and no longer than this. */
export const longestSearch = 200;

/**
 * `newest`: a new search, from the bottom up; `previous` and `next`: one match on from where the last one of the same text
 * has led, over the end to the other end.
 */
export const searchSchema = z.object({
  text: z
    .string()
    .min(1)
    .max(longestSearch)
    .regex(/^\P{Cc}+$/u),
  move: z.enum(['newest', 'previous', 'next']),
});
export type Search = z.infer<typeof searchSchema>;

/** How many matches there are in all that the terminal has shown, and which of them is on the screen: 1 is the oldest. */
export type Found = { total: number; at: number };

/**
 * The server pings, the browser answers: a line that is dead without being closed is noticed by the server within the
 * timeout after a ping, and by the browser when no ping has come for both together, which is less than five seconds.
 */
export const heartbeat = { pingInterval: 2_000, pingTimeout: 2_500 } as const;

export const endReasons = [
  'exit',
  'run',
  'idle',
  'lifetime',
  'processes',
  'owner',
  'administrator',
  'deleted',
] as const;
/**
 * Why a session is over: its shell ended (`exit`), or the run that it was started for (`run`), nobody typed (`idle`), its maximum lifetime passed (`lifetime`), it
 * had too many processes (`processes`), or the pod was deleted: by its `owner`, by an `administrator` or whatever else may
 * delete pods, or by somebody of whom the manager could not be asked in time (`deleted`).
 */
export type EndReason = (typeof endReasons)[number];

/** The session is over, and its before-exit hook is at work. `output`: what it has printed, the end of it, as plain text. */
export type Saving = { reason: EndReason; output: string };

/** What came of the hook: `failed` when it could not be started or ended with another code than 0. */
export type Saved = { result: 'saved' | 'failed' | 'timed-out'; exitCode?: number; output: string };

/** What a browser is told once it is attached. It is told the limits too, so that only one side holds them. */
export type Attached = {
  /** The pod's name. */
  name: string;
  role: Role;
  /** A random name of this run of the server: with another one, the terminal was started anew in the same pod. */
  run?: string;
  /** `maxInputLength` */
  maxInput: number;
  /** `acknowledgeEvery` */
  acknowledgeEvery: number;
  /** `pasting`; absent where input is not acknowledged. */
  pasting?: { piece: number; ahead: number };
  /** `longestSearch` */
  longestSearch: number;
};

/** The end is near: `inMs` milliseconds from now, unless somebody types (`idle`) or whatever happens (`lifetime`). */
export type Ending = { reason: 'idle' | 'lifetime'; inMs: number };

export type ServerEvents = {
  attached: (attached: Attached) => void;
  output: (bytes: Uint8Array) => void;
  /** A countdown begins, or with null is off again. */
  ending: (ending: Ending | null) => void;
  /** Told again each time that there is more to say, and to whoever comes late. */
  saving: (saving: Saving) => void;
  /** The last word; the socket is closed after it and there is nothing to come back to. */
  ended: (reason: EndReason, saved?: Saved) => void;
};

export type ClientEvents = {
  /** Text as typed or pasted; binary where a program asked for raw mouse reports. `taken`: the shell's tty has it. */
  input: (data: string | Uint8Array, taken?: () => void) => void;
  resize: (size: Size) => void;
  /** Bytes of output parsed since the last acknowledgement. */
  acknowledge: (bytes: number) => void;
  /** `found`: null where it cannot be done, or another search has come in its place. With null, back to the prompt. */
  search: (wanted: Search | null, found?: (found: Found | null) => void) => void;
};
