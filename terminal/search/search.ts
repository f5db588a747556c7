// Searches the pane's history. tmux holds it, so tmux searches: its copy mode scrolls to matches, highlights them, and leaves the shell alone.
// tmux does not report the number of matches, so its history is streamed and counted without being stored.

import type { Found, Search } from '../../common/socket.ts';
import type { LatestOnly } from './latest-only.ts';
import { MatchCounter } from './match-counter.ts';

/** Runs tmux with several commands (`';'` between them), and passes on their output; rejects if one fails. */
export type RunTmux = (args: string[], onOutput: (bytes: Buffer) => void) => Promise<void>;

export type Searcher = {
  /** Null if it failed, or if a newer request replaced it. */
  find: (wanted: Search) => Promise<Found | null>;
  /** Returns to the prompt. */
  leave: () => Promise<void>;
};

/** `session`: of which the active pane is searched. */
export function createSearcher({ run, session, jobs }: { run: RunTmux; session: string; jobs: LatestOnly }): Searcher {
  /** The result of the last search; undefined if there is none. */
  let last: { text: string; pane: string; place: string; forward: boolean; found: Found } | undefined;

  return {
    find: async ({ text, move }) => {
      const look = () => (last?.text === text && move !== 'newest' ? step(last, move === 'next') : newest(text));
      return jobs.run(() => look().catch(() => null));
    },
    leave: async () => {
      await jobs.run(leave, { urgent: true });
    },
  };

  async function leave(): Promise<void> {
    const pane = last?.pane;
    last = undefined;
    // Another program may have taken the pane's place, or the visitor may have left copy mode already.
    if (pane !== undefined) await tell(['copy-mode', '-q', '-t', pane]).catch(() => {});
  }

  /** Searches upwards from the bottom: the latest output is the most likely target. */
  async function newest(text: string): Promise<Found> {
    const active = await activePane();
    if (last && last.pane !== active) await leave();
    const total = await count(text, active);
    if (total === 0) {
      await leave();
      return { total, at: 0 };
    }
    const place = await tell(
      ['copy-mode', '-q', '-t', active],
      ['copy-mode', '-H', '-t', active],
      search(active, text, false),
      where(active),
    );
    const found = { total, at: total };
    last = { text, pane: active, place, forward: false, found };
    return found;
  }

  async function step(from: NonNullable<typeof last>, forward: boolean): Promise<Found> {
    const { text, pane, place } = from;
    // Another tab or pane may be shown by now.
    if ((await activePane()) !== pane) return newest(text);
    if ((await tell(where(pane))) !== place) return astray(from, forward);
    const { total, at } = from.found;
    // With the cursor at one end of a match, a search in the other direction finds the same match again.
    const turned = from.forward !== forward;
    const again = ['if-shell', '-F', '-t', pane, '#{!=:#{mode-keys},vi}', `send-keys -t ${pane} -X search-again`];
    const now = await tell(search(pane, text, forward), ...(turned ? [again] : []), where(pane));
    const found = { total, at: forward ? (at % total) + 1 : at === 1 ? total : at - 1 };
    last = { text, pane, place: now, forward, found };
    return found;
  }

  /** The visitor has scrolled or left copy mode meanwhile: continue from the visible position. */
  async function astray({ text, pane }: NonNullable<typeof last>, forward: boolean): Promise<Found> {
    if ((await tell(['display-message', '-p', '-t', pane, '#{pane_mode}'])) !== 'copy-mode') return newest(text);
    const refresh = ['send-keys', '-t', pane, '-X', 'refresh-from-pane'];
    const place = await tell(refresh, search(pane, text, forward), where(pane));
    const [, above = 0, row = 0] = place.split(' ').map(Number);
    const line = row - above;
    const upTo = await count(text, pane, forward ? line - 1 : line);
    const total = await count(text, pane);
    if (total === 0) {
      await leave();
      return { total, at: 0 };
    }
    const found = { total, at: Math.min(total, Math.max(1, forward ? upTo + 1 : upTo)) };
    last = { text, pane, place, forward, found };
    return found;
  }

  async function activePane(): Promise<string> {
    return tell(['display-message', '-p', '-t', session, '#{pane_id}']);
  }

  /** The number of matches in the whole history, or down to a line, counted from 0 at the top of the screen. */
  async function count(text: string, pane: string, line?: number): Promise<number> {
    const counter = new MatchCounter(text);
    const down = line === undefined ? [] : ['-E', String(line)];
    await run(['capture-pane', '-p', '-J', '-t', pane, '-S', '-', ...down], (bytes) => counter.push(bytes));
    return counter.count;
  }

  async function tell(...commands: string[][]): Promise<string> {
    let printed = '';
    await run(
      commands.flatMap((command, at) => (at === 0 ? command : [';', ...command])),
      (bytes) => {
        printed += bytes;
      },
    );
    return printed.trim();
  }
}

const where = (pane: string) => [
  'display-message',
  ...['-p', '-t', pane, '#{pane_in_mode} #{scroll_position} #{copy_cursor_y} #{copy_cursor_x}'],
];

const search = (pane: string, text: string, forward: boolean) => [
  ...['send-keys', '-t', pane, '-X', forward ? 'search-forward-text' : 'search-backward-text'],
  // A final semicolon would end the tmux command.
  text.replace(/;$/, '\\;'),
];
