// Joins a terminal on the screen to a terminal in a pod, one connection at a time.

import type { Found, HistoryView, Search } from '../../common/socket.ts';
import type { TerminalWindow, WindowRefusal, WindowRequest } from '../../common/windows.ts';
import type { Event } from '../session/state.ts';
import type { CompanySource } from '../sharing/company.ts';
import { type Connection, connect, type Endpoint } from '../socket.ts';
import { createAcknowledger } from './acknowledger.ts';
import type { TerminalView } from './create-terminal.ts';
import { releaseScreen, untilLeft } from './last-screen.ts';

/** CAN ends a sequence that the former connection left unfinished, RIS resets the rest. */
const freshScreen = '\x18\x1bc';
/** Terminals ping every two seconds (`heartbeat` in common/socket.ts). */
const longestSilenceMs = 3_000;
/** Keys typed before the first prompt are kept, up to here. */
const maxTypeAhead = 4_096;

export type Attachment = {
  attach: (
    to: { endpoint: Endpoint; ticket: string; run: string | null },
    send: (event: Event) => void,
    signal: AbortSignal,
  ) => void;
  /** Whether nothing was heard for longer than a terminal is ever silent. */
  isSilent: () => boolean;
  /** Forgets what was typed before the first prompt: it has been too long. */
  dropTypeAhead: () => void;
  /** Finds text in all that the terminal has shown; null where it could not be done. */
  search: (wanted: Search) => Promise<Found | null>;
  leaveSearch: () => void;
  /** Changes the tabs; null when that was done. */
  window: (request: WindowRequest) => Promise<WindowRefusal | null>;
  /** Scrolls through the history; resolves once the screen is there, or cannot go there. */
  scroll: (position: number) => Promise<void>;
};

export type AttachmentView = {
  /** Called with each input that has nowhere to go. */
  onUnsent: () => void;
  /** Has the last word about what was typed. */
  modify: (typed: string) => string;
  /** Called with what the terminal shows of its history, and with undefined once it is not attached. */
  onHistory: (view: HistoryView | undefined, mayScroll: boolean) => void;
  /** Called with the tabs, and whether this browser may change them. */
  onWindows: (windows: TerminalWindow[], canChange: boolean) => void;
  company: Pick<CompanySource, 'report' | 'connect'>;
};

export function createAttachment(
  { terminal, follow }: TerminalView,
  { onUnsent, modify, onHistory, onWindows, company }: AttachmentView,
): Attachment {
  /** Whether another window sets the size. */
  let following = false;
  let connection: Connection | undefined;
  let heardAt = 0;
  // Until the first attach, what is typed can only be meant for the shell to come. Later it is not kept: nobody can know
  // what a key that was meant for a screen of then does to a screen of now.
  let typeAhead: string[] | undefined = [];

  terminal.onData((typed) => {
    const data = modify(typed);
    if (connection) connection.input(data);
    else if (typeAhead && typeAhead.join('').length + data.length <= maxTypeAhead) typeAhead.push(data);
    else onUnsent();
  });
  terminal.onBinary((data) => connection?.input(Uint8Array.from(data, (character) => character.charCodeAt(0))));
  terminal.onResize((size) => {
    if (!following) connection?.resize(size);
  });

  return {
    isSilent: () => Date.now() - heardAt > longestSilenceMs,
    dropTypeAhead() {
      typeAhead = undefined;
    },
    search: async (wanted) => (await connection?.search(wanted)) ?? null,
    leaveSearch: () => connection?.leaveSearch(),
    window: async (request) => {
      if (connection) return connection.window(request);
      onUnsent();
      return null;
    },
    scroll: async (position) => connection?.scroll(position),
    attach(to, send, signal) {
      following = false;
      follow(null);
      const size = { cols: terminal.cols, rows: terminal.rows };
      let parsed: (bytes: number) => void = () => {};
      let fresh = false;
      let canChange = false;
      let mayScroll = false;
      const shown = untilLeft();
      signal.addEventListener('abort', () => {
        connection = undefined;
        company.connect(undefined);
        onHistory(undefined, false);
      });
      connect(
        { ...to, size },
        {
          attached(attached, { acknowledgeEvery, run, role }) {
            mayScroll = role !== 'viewer';
            connection = attached;
            canChange = role !== 'viewer';
            company.connect(attached.pen);
            heardAt = Date.now();
            parsed = createAcknowledger(acknowledgeEvery, attached.acknowledge);
            if (terminal.cols !== size.cols || terminal.rows !== size.rows) {
              attached.resize({ cols: terminal.cols, rows: terminal.rows });
            }
            for (const data of typeAhead ?? []) attached.input(data);
            typeAhead = undefined;
            send({ type: 'attached', run });
          },
          output(bytes) {
            if (!fresh) terminal.write(freshScreen);
            fresh = true;
            terminal.write(shown(bytes), () => parsed(bytes.byteLength));
          },
          windows: (list) => onWindows(list, canChange),
          pinged: () => {
            heardAt = Date.now();
          },
          ending: (ending) => send({ type: 'ending', ending }),
          history: (view) => onHistory(view, mayScroll),
          saving: (saving) => send({ type: 'saving', saving }),
          ended(reason, saved) {
            terminal.write(releaseScreen);
            send({ type: 'ended', reason, saved });
          },
          people: company.report,
          follow(to) {
            following = to !== null;
            follow(to);
            // The window may have changed since the terminal was told its size.
            if (!following) connection?.resize({ cols: terminal.cols, rows: terminal.rows });
          },
          removed: () => send({ type: 'failed', why: { code: 'removed', detail: '' }, retryable: false }),
          refused: (code) => send({ type: 'refused', why: { code, detail: '' } }),
          disconnected: () => send({ type: 'disconnected' }),
          unanswered: () => send({ type: 'unanswered' }),
        },
        signal,
      );
    },
  };
}
