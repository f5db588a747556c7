// A browser as a terminal sees it: a real socket.io client that reads, types and acknowledges.

import type { ExecutionContext } from 'ava';
import { io, type Socket } from 'socket.io-client';
import { browserParser } from '../../common/output-frames.ts';
import {
  type Attached,
  type ClientEvents,
  type Ending,
  type EndReason,
  type PenRequest,
  type Person,
  pasting,
  type Saved,
  type Saving,
  type ServerEvents,
  type Size,
} from '../../common/socket.ts';
import { offerTicket } from '../../common/socket-protocol.ts';
import type { TerminalWindow, WindowRefusal, WindowRequest } from '../../common/windows.ts';
import { Journal } from './terminal-journal.ts';

type Refused = { message: string; code: unknown };

export type BrowserOptions = {
  ticket: string | undefined;
  size?: unknown;
  /** Whether it acknowledges output; true by default. */
  acknowledges?: boolean;
  /** The run whose session it attaches to. */
  run?: string;
};

/** Connects to the terminal at `url`, and closes the connection at the end of the test. */
export function openBrowser(t: ExecutionContext, url: string, options: BrowserOptions) {
  const { ticket, size = { cols: 80, rows: 24 }, acknowledges = true, run } = options;
  const socket: Socket<ServerEvents, ClientEvents> = io(url, {
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    forceNew: true,
    protocols: ticket === undefined ? [] : offerTicket(ticket),
    auth: run === undefined ? { size } : { size, run },
  });
  const attached = new Journal<Attached>('attached');
  const endings = new Journal<Ending | null>('countdowns');
  const ended = new Journal<EndReason>('ends');
  const saving = new Journal<Saving>('hooks at work');
  const saved = new Journal<Saved | undefined>('hooks that have ended');
  const refused = new Journal<Refused>('refusals');
  const closed = new Journal<string>('closings');
  const output = new Journal<Buffer>('output');
  const people = new Journal<Person[]>('lists of people');
  const follows = new Journal<Size | null>('sizes to follow');
  const removed = new Journal<true>('removals');
  const windows = new Journal<TerminalWindow[]>('tabs');
  t.teardown(() => {
    socket.disconnect();
    clearTimeout(looking);
    for (const journal of [attached, endings, ended, saving, saved, refused, closed, output, people, follows, removed])
      journal.close();
    windows.close();
  });
  const decoder = new TextDecoder();
  let raw = '';
  let bytes = 0;
  // Check the waits at most every 10 ms, not for each piece of a flood.
  let looking: NodeJS.Timeout | undefined;
  const lookSoon = (chunk: Buffer) => {
    looking ??= setTimeout(() => {
      looking = undefined;
      output.add(chunk);
      output.entries.length = 0;
    }, 10);
  };
  socket.on('attached', (about) => attached.add(about));
  socket.on('windows', (list) => windows.add(list));
  socket.on('ending', (ending) => endings.add(ending));
  socket.on('saving', (told) => saving.add(told));
  socket.on('ended', (reason, result) => {
    saved.add(result);
    ended.add(reason);
  });
  socket.on('people', (list) => people.add(list));
  socket.on('follow', (to) => follows.add(to));
  socket.on('removed', () => removed.add(true));
  socket.on('disconnect', (reason) => closed.add(reason));
  socket.on('connect_error', (error: Error & { data?: { code?: unknown } }) =>
    refused.add({ message: error.message, code: error.data?.code }),
  );
  socket.on('output', (piece) => {
    const chunk = Buffer.from(piece);
    bytes += chunk.length;
    raw = (raw + decoder.decode(chunk, { stream: true })).slice(-200_000);
    if (acknowledges) socket.emit('acknowledge', chunk.length);
    lookSoon(chunk);
  });
  return {
    socket,
    attached,
    endings,
    ended,
    saving,
    saved,
    refused,
    closed,
    people,
    follows,
    removed,
    windows,
    /** Requests a change of the tabs; null on success. */
    asks: (request: WindowRequest): Promise<WindowRefusal | null> =>
      socket.timeout(20_000).emitWithAck('window', request),
    /** All output so far, up to its last 200,000 characters, with and without control sequences. */
    raw: () => raw,
    text: () => plain(raw),
    bytes: () => bytes,
    /** Waits until the output has `wanted`, as text without control sequences. */
    sees: (wanted: string | RegExp, withinMs?: number) =>
      output
        .until(() => find(plain(raw), wanted) || undefined, withinMs)
        .catch(() => {
          const ends = [...refused.entries.map(({ message }) => message), ...ended.entries, ...closed.entries];
          const screen = JSON.stringify(plain(raw).slice(-500));
          throw new Error(`Did not see ${wanted} in ${screen}; the connection: ${ends.join(', ') || 'open'}`);
        }),
    /** Discards the output so far. */
    clears: () => {
      raw = '';
    },
    types: (input: string) => socket.emit('input', input),
    /** Sends a paste as the page does: in pieces, each after the one before is acknowledged. */
    pastes: async (text: string) => {
      const underWay = new Set<Promise<void>>();
      for (let at = 0; at < text.length; at += pasting.piece) {
        const piece = text.slice(at, at + pasting.piece);
        const taken: Promise<void> = new Promise<void>((resolve) => socket.emit('input', piece, resolve)).then(() => {
          underWay.delete(taken);
        });
        underWay.add(taken);
        if (underWay.size >= pasting.ahead) await Promise.race(underWay);
      }
    },
    resizes: (to: Size) => socket.emit('resize', to),
    /** Requests a change of the pen. Resolves to whether the terminal allows it. */
    asksPen: (action: PenRequest['action'], person?: string) =>
      new Promise<boolean>((resolve) =>
        socket.emit('pen', { action, ...(person !== undefined && { person }) }, resolve),
      ),
  };
}

const find = (text: string, wanted: string | RegExp) =>
  typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);

const plain = (text: string) =>
  text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78])/g, '');
