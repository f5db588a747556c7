// The protocol between a browser and a terminal, over socket.io (WebSocket only). Each piece of output is one binary frame
// (output-frames.ts): in JSON, an ESC takes six bytes. Both ends import these types.

import * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import { runIdSchema } from './run-id.ts';
import type { Role } from './ticket.ts';
import type { TerminalWindow, WindowRefusal, WindowRequest } from './windows.ts';

/** Columns and rows of one browser's view. */
export const sizeSchema = z.object({
  cols: z.number().int().min(2).max(1_000),
  rows: z.number().int().min(1).max(1_000),
});
export type Size = z.infer<typeof sizeSchema>;

/** The `auth` of the handshake. The ticket is in the request that opens the WebSocket (socket-protocol.ts). */
export const handshakeSchema = z.object({
  size: sizeSchema,
  /** Attaches to the tmux session of this run, which must have a tty, instead of the terminal's own. */
  run: runIdSchema.optional(),
});
export type Handshake = z.infer<typeof handshakeSchema>;

/** `data` of the error that refuses a handshake (`connect_error` in the browser). */
export type Refusal = { code: ErrorCode };

/** The maximum length of a piece of input, in characters or bytes. socket.io drops larger messages. */
export const maxInputLength = 65_536;

/** The browser acknowledges each time xterm.js has parsed this many more bytes. */
export const acknowledgeEvery = 8_192;

/** A paste is sent in pieces of `piece` characters or bytes, and up to `ahead` pieces before the terminal has taken the first. */
export const pasting = { piece: 16_384, ahead: 4 } as const;

/** The maximum length of a search text, which is a single line. */
export const longestSearch = 200;

/**
 * `newest`: start a new search at the bottom. `previous` and `next`: move one match from the last one of the same text, and wrap around.
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

/** The number of matches in all output, and which of them is on the screen: 1 is the oldest. */
export type Found = { total: number; at: number };

/**
 * The server pings and the browser answers. The server notices a dead connection within the timeout after a ping, the browser when no ping
 * has come for interval and timeout together: less than five seconds.
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
 * Why a session ended: its shell ended (`exit`); the run that it was started for ended (`run`); no input (`idle`); maximum lifetime
 * (`lifetime`); too many processes (`processes`); or the pod was deleted by its `owner`, by an `administrator` or another client of the
 * Kubernetes API, or for a reason that the manager did not give in time (`deleted`).
 */
export type EndReason = (typeof endReasons)[number];

/** The session has ended and its before-exit hook is running. `output`: the end of what the hook printed, as plain text. */
export type Saving = { reason: EndReason; output: string };

/** The result of the hook. `failed`: it could not be started, or exited with another code than 0. */
export type Saved = { result: 'saved' | 'failed' | 'timed-out'; exitCode?: number; output: string };

/** The first event after attaching. It includes the limits, so that only the server defines them. */
export type Attached = {
  /** The pod's name. */
  name: string;
  role: Role;
  /** A random name of this server process. A changed name means that the container was restarted in the same pod. */
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

/** The session ends in `inMs` milliseconds. `idle`: unless there is input. `lifetime`: always. */
export type Ending = { reason: 'idle' | 'lifetime'; inMs: number };

/** A person at the terminal. */
export type Person = {
  /** `owner`, or a guest's id. */
  id: string;
  /** Absent: the owner. */
  name?: string;
  role: Role;
  /** Whether this person's input reaches the shell. */
  pen: boolean;
  /** Whether this person asks for the pen. */
  asks: boolean;
  typing: boolean;
};

/**
 * `ask`: an editor takes the pen, others ask the owner for it. `return`: gives the pen, or the question, back. The owner may `give` the
 * pen to a person, `refuse` the question or take the pen back, and `remove` a person.
 */
export const penRequestSchema = z.object({
  action: z.enum(['ask', 'return', 'give', 'refuse', 'remove']),
  /** With `give`, `refuse` and `remove`: whom. */
  person: z.string().max(64).optional(),
});
export type PenRequest = z.infer<typeof penRequestSchema>;

/**
 * The history above the screen. `lines`: how many lines it has; 0 while a program such as vim has the whole screen. `position`: how
 * many lines above the prompt the screen shows, or null at the prompt.
 */
export type HistoryView = { lines: number; position: number | null };

/** A position of `HistoryView`. 0 returns to the prompt. */
export const scrollSchema = z.number().int().min(0).max(10_000_000);

export type ServerEvents = {
  attached: (attached: Attached) => void;
  output: (bytes: Uint8Array) => void;
  /** The tabs, in their order: after the attach, and whenever they change. Not sent to the page of a run. */
  windows: (windows: TerminalWindow[]) => void;
  /** A countdown starts; null cancels it. */
  ending: (ending: Ending | null) => void;
  /** The history has grown, or a browser of the session has scrolled. */
  history: (view: HistoryView) => void;
  /** Sent again whenever `output` grows, and to each browser that attaches later. */
  saving: (saving: Saving) => void;
  /**
   * Who is at the terminal, the owner first, and which of them this browser is. Sent on each change while a guest is here, and once
   * when the owner is alone again.
   */
  people: (people: Person[], you: string) => void;
  /** The size of the screen, which another person's window sets. null: this window sets it. */
  follow: (size: Size | null) => void;
  /** The owner has removed this person; the socket is closed after it. */
  removed: () => void;
  /** The last event. The socket closes after it, and the session cannot be resumed. */
  ended: (reason: EndReason, saved?: Saved) => void;
};

export type ClientEvents = {
  /** Text as typed or pasted; binary if a program asked for raw mouse reports. `taken` is called once the shell's tty has it. */
  input: (data: string | Uint8Array, taken?: () => void) => void;
  resize: (size: Size) => void;
  /** `done`: whether it was allowed. */
  pen: (request: PenRequest, done?: (allowed: boolean) => void) => void;
  /** Bytes of output parsed since the last acknowledgement. */
  acknowledge: (bytes: number) => void;
  /** `done` is called once the screen is there, or cannot go there. The browser waits for that before it scrolls again. */
  scroll: (position: number, done?: () => void) => void;
  /** Answers null if a search is not possible, or was replaced by a newer one. `wanted` null: return to the prompt. */
  search: (wanted: Search | null, found?: (found: Found | null) => void) => void;
  /** `done`: null, or why it was refused. Refused for viewers, and at the page of a run. */
  window: (request: WindowRequest, done?: (refusal: WindowRefusal | null) => void) => void;
};
