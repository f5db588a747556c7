// The tabs of a terminal, which are the tmux windows of its session, and their panes: what a browser is told, and what it may ask for.

import * as z from 'zod';

/**
 * At most so many windows may be opened by the page. Each is a shell of about 4 MiB, and more tabs than these have no room in the bar. The
 * visitor's own tmux commands may open more: the process limit bounds those.
 */
export const maxWindows = 20;

/** At most so many panes may be made by the page, in all windows together. Each is a shell too. */
export const maxPanes = 40;

/** At most so many windows are reported, so that one message stays below 64 KiB. */
export const maxReported = 100;

/** Of a name this many characters are kept, and shown. */
export const maxNameLength = 40;

export type TerminalWindow = {
  /** Unique for the life of the tmux server, such as `@3`. */
  id: string;
  /** Plain text without control characters. Empty where a program or a person has removed it. */
  name: string;
  /** Whether it is the one that all browsers of the session show. */
  active: boolean;
  /** Whether the bell has rung in it since it was last shown. */
  bell: boolean;
  /** Whether it has printed something since it was last shown. */
  activity: boolean;
  /** Whether its active pane fills it. */
  zoomed: boolean;
  panes: { id: string; active: boolean }[];
};

const windowId = z.string().regex(/^@\d{1,9}$/);
const paneId = z.string().regex(/^%\d{1,9}$/);

/**
 * `force`: also while a program runs there. With an empty name, the window has the name of its program again. Anything but a
 * name or an id is a choice of a few words.
 */
export const windowRequestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('new') }),
  z.object({ do: z.literal('select'), window: windowId }),
  z.object({ do: z.literal('step'), to: z.enum(['next', 'previous']) }),
  z.object({ do: z.literal('rename'), window: windowId, name: z.string().max(200) }),
  z.object({ do: z.literal('close'), window: windowId, force: z.boolean().optional() }),
  z.object({ do: z.literal('split'), pane: paneId, to: z.enum(['right', 'below']) }),
  z.object({ do: z.literal('select-pane'), pane: paneId }),
  z.object({ do: z.literal('close-pane'), pane: paneId, force: z.boolean().optional() }),
  z.object({ do: z.literal('zoom'), pane: paneId }),
]);
export type WindowRequest = z.infer<typeof windowRequestSchema>;

/**
 * Why a request was refused; nothing has changed then. `busy`: a program runs there, whose name is `program`. `full`: there are as many
 * windows or panes as there may be. `no-room`: the pane is too small to be split.
 */
export type WindowRefusal = {
  code:
    | 'invalid-request'
    | 'forbidden'
    | 'not-found'
    | 'too-many-requests'
    | 'unavailable'
    | 'busy'
    | 'full'
    | 'no-room';
  message: string;
  program?: string;
};

/** Plain text of one line: control and format characters are dropped, and what is too long is cut. */
export const plainName = (text: string): string =>
  [...text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()].slice(0, maxNameLength).join('');
