// Finding text in all that the pane has shown. tmux keeps that, so tmux looks: in its copy mode, which scrolls there, marks
// what it finds and leaves the shell alone. How many there are it does not say; for that, its history is counted as it streams
// by, and nothing of it is kept.

import type { Found, Search } from '../../common/socket.ts';
import { MatchCounter } from './match-counter.ts';
import type { Turns } from './turns.ts';

/** Runs tmux with several commands (`';'` between them), and gives what they print; rejects if one fails. */
export type RunTmux = (args: string[], onOutput: (bytes: Buffer) => void) => Promise<void>;

export type Searcher = {
  /** Null when it could not be done, or when something else was asked for in the meantime. */
  find: (wanted: Search) => Promise<Found | null>;
  /** Back to the prompt. */
  leave: () => Promise<void>;
};

/** `session`: of which the active pane is searched. */
export function createSearcher({ run, session, turns }: { run: RunTmux; session: string; turns: Turns }): Searcher {
  /** Where the last search has led; undefined while none is under way. */
  let last: { text: string; pane: string; place: string; forward: boolean; found: Found } | undefined;

  return {
    find: async ({ text, move }) => {
      const look = () => (last?.text === text && move !== 'newest' ? step(last, move === 'next') : newest(text));
      return turns.take(() => look().catch(() => null));
    },
    leave: async () => {
      await turns.take(leave, { urgent: true });
    },
  };

  async function leave(): Promise<void> {
    const pane = last?.pane;
    last = undefined;
    // Another program may have taken its place, or the person may have left already.
    if (pane !== undefined) await tell(['copy-mode', '-q', '-t', pane]).catch(() => {});
  }

  /** From the bottom up: what was shown last is what most people look for. */
  async function newest(text: string): Promise<Found> {
    const active = await tell(['display-message', '-p', '-t', session, '#{pane_id}']);
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
    if ((await tell(where(pane))) !== place) return astray(from, forward);
    const { total, at } = from.found;
    // Where the cursor is at the one end of a match, the other direction finds the same again.
    const turned = from.forward !== forward;
    const again = ['if-shell', '-F', '-t', pane, '#{!=:#{mode-keys},vi}', `send-keys -t ${pane} -X search-again`];
    const now = await tell(search(pane, text, forward), ...(turned ? [again] : []), where(pane));
    const found = { total, at: forward ? (at % total) + 1 : at === 1 ? total : at - 1 };
    last = { text, pane, place: now, forward, found };
    return found;
  }

  /** The person has scrolled in the meantime, or left the copy mode: it goes on from what they see. */
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

  /** Matches in the whole history, or down to a line, which has 0 at the top of the screen. */
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
  // A semicolon at its end would end the command.
  text.replace(/;$/, '\\;'),
];
