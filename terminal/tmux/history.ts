// What each session shows: its prompt, or a part of its history. tmux tells when a pane enters or leaves its copy mode, but not when it
// scrolls. A scroll redraws the screen, so each output of a scrolled session is a reason to look again.

import type { HistoryView } from '../../common/socket.ts';

export type History = {
  /** Whether the active pane of `session` is in a mode of tmux, such as its copy mode. */
  isScrolled: (session: string) => boolean;
  /** Calls `onChange` with what the session shows, now and after each change, until the result is called. */
  follow: (session: string, onChange: (view: HistoryView) => void) => () => void;
  /** Something was drawn: looks again soon. */
  drawn: () => void;
  /** Looks at once. */
  look: () => void;
  /** Scrolls the active pane of `session`. Resolves once it is there, or cannot go there. */
  scroll: (session: string, position: number) => Promise<void>;
};

/** tmux answers in less than a millisecond; a drag redraws sixty times a second. */
const scrolledMs = 40;
/** At the prompt only the length of the history changes, which moves the scrollbar by little. */
const promptMs = 1_000;

const format =
  '#{session_id} #{window_active} #{pane_active} #{pane_in_mode} #{pane_mode} #{alternate_on} #{history_size} #{scroll_position}';

type Pane = { session: string; active: boolean; scrolled: boolean; view: HistoryView };

/** Reads the answer of list-panes to `format`. Pure. */
export function readPanes(answer: string): Pane[] {
  return answer.split('\n').map((line) => {
    const [session = '', ofWindow, ofPane, inMode, mode, alternate, size, position] = line.split(' ');
    const copies = inMode === '1' && mode === 'copy-mode';
    const at = copies ? Number(position) : null;
    const lines = alternate === '1' && !copies ? 0 : Number(size);
    return {
      session,
      active: ofWindow === '1' && ofPane === '1',
      scrolled: inMode === '1',
      view: { lines: Math.max(lines, at ?? 0), position: at },
    };
  });
}

/** `ask` runs a tmux command and resolves to what it prints. */
export function createHistory(ask: (command: string) => Promise<string>): History {
  const followers = new Set<{ session: string; onChange: (view: HistoryView) => void; told: string }>();
  let panes: Pane[] = [];
  let looking: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  const activeOf = (wanted: string) => panes.find(({ session, active }) => session === wanted && active);

  const tell = () => {
    for (const follower of followers) {
      const view = activeOf(follower.session)?.view;
      if (!view || follower.told === JSON.stringify(view)) continue;
      follower.told = JSON.stringify(view);
      follower.onChange(view);
    }
  };

  const read = async () => {
    do {
      again = false;
      const answer = await ask(`list-panes -a -F '${format}'`).catch(() => '');
      panes = readPanes(answer);
    } while (again);
    looking = undefined;
    tell();
  };

  const look = () => {
    clearTimeout(timer);
    timer = undefined;
    again = true;
    looking ??= read();
  };

  return {
    isScrolled: (session) => activeOf(session)?.scrolled ?? false,
    follow: (session, onChange) => {
      const follower = { session, onChange, told: '' };
      followers.add(follower);
      look();
      return () => void followers.delete(follower);
    },
    drawn: () => {
      timer ??= setTimeout(look, panes.some(({ scrolled }) => scrolled) ? scrolledMs : promptMs).unref();
    },
    look,
    scroll: async (session, position) => {
      const pane = `-t '${session}'`;
      const commands =
        position === 0
          ? [`copy-mode -q ${pane}`]
          : [`copy-mode -eH ${pane}`, `send-keys ${pane} -X goto-line ${position}`];
      // A pane that has just ended cannot be scrolled.
      await Promise.allSettled(commands.map(ask));
      look();
      await looking;
    },
  };
}
