// The tabs: tmux windows of the terminal's session, and their panes. It reports them whenever tmux notifies a change, and does what a
// browser asks for. tmux is the only one that knows them: nothing here remembers which there are.

import type { Logger } from '../../common/log.ts';
import {
  maxPanes,
  maxWindows,
  plainName,
  type TerminalWindow,
  type WindowRefusal,
  type WindowRequest,
  windowRequestSchema,
} from '../../common/windows.ts';
import type { TerminalSocket } from '../connection.ts';
import { foregroundProgram } from './foreground.ts';
import type { Tmux } from './tmux.ts';
import { literalFormat, type Pane, paneFormat, quoteWord, readPanes, report } from './window-list.ts';

/** After a report the next one waits this long: a program may rename its window without end. */
const restMs = 50;
/** Requests of all browsers that wait for their turn. A person has one; what is more is refused. */
const maxWaiting = 16;
/** tmux answers within milliseconds, unless it hangs. */
const patienceMs = 5_000;
const subscription = 'tabs';

export type Windows = {
  /** Calls `listener` with the tabs, now and after each change. Returns a function that ends that. */
  follow: (listener: (windows: TerminalWindow[]) => void) => () => void;
  /** Does what `request` says. Resolves to null, or to why it was refused: then nothing has changed. Never rejects. */
  request: (request: WindowRequest) => Promise<WindowRefusal | null>;
};

type Known = { windows: TerminalWindow[]; panes: Pane[] };

export function createWindows({
  tmux,
  log,
}: {
  tmux: Pick<Tmux, 'ask' | 'session' | 'onWindows' | 'warm'>;
  log: Logger;
}): Windows {
  const listeners = new Set<(windows: TerminalWindow[]) => void>();
  let reported: TerminalWindow[] | undefined;
  let reading = false;
  let changed = false;
  let marks = false;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const read = async (): Promise<Known> =>
    readPanes(await tmux.ask(`list-panes -s -t '${tmux.session}' -F '${paneFormat}'`));

  // Of a bell and of new output in a window that is not shown tmux tells those who subscribe, within a second. That turn of tmux'
  // also brings names that have changed: tmux 3.3 keeps those until anything else happens. With a single window there is nothing to mark.
  async function markWindows(several: boolean): Promise<void> {
    if (several === marks) return;
    marks = several;
    const what = several ? `'${subscription}:@*:#{window_bell_flag}#{window_activity_flag}'` : subscription;
    await tmux.ask(`set-option -gw monitor-activity ${several ? 'on' : 'off'}`);
    await tmux.ask(`refresh-client -B ${what}`);
  }

  async function refresh(): Promise<void> {
    changed = true;
    if (reading) return;
    reading = true;
    while (changed) {
      changed = false;
      // tmux may be gone: the session's end is told by others.
      await update().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    reading = false;
  }

  async function update(): Promise<void> {
    const { windows } = await read();
    if (windows.length === 0) return;
    const next = report(windows);
    if (JSON.stringify(next) !== JSON.stringify(reported)) {
      reported = next;
      for (const listener of listeners) listener(next);
    }
    await markWindows(windows.length > 1);
  }

  tmux.onWindows(({ fresh }) => {
    if (fresh) marks = false;
    void refresh();
  });
  void tmux.warm.then(refresh, () => {});

  return {
    follow: (listener) => {
      listeners.add(listener);
      if (reported) listener(reported);
      return () => listeners.delete(listener);
    },
    request: async (request) => {
      if (waiting >= maxWaiting) return refusal('too-many-requests', 'Too many requests about windows at once.');
      waiting += 1;
      // One after the other: each looks at what the former has changed.
      const done = turn.then(() => withDeadline(perform(request)));
      turn = done;
      try {
        return await done;
      } finally {
        waiting -= 1;
      }
    },
  };

  async function perform(request: WindowRequest): Promise<WindowRefusal | null> {
    try {
      const known = await read();
      const plan = planRequest(request, known, tmux.session);
      if (typeof plan !== 'string') return plan;
      await tmux.ask(plan);
      return null;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.debug({ request: request.do, reason: message }, 'request about windows failed');
      if (/no space for/.test(message)) return refusal('no-room', 'The pane is too small to be split.');
      return refusal('unavailable', 'tmux could not do that.');
    }
  }
}

/** The tmux command that does what `request` says, or why it is refused; null when there is nothing to do. */
export function planRequest(
  request: WindowRequest,
  { windows, panes }: Known,
  session: string,
  programOf: (pid: number) => string | undefined = foregroundProgram,
): string | WindowRefusal | null {
  if ('window' in request && !windows.some(({ id }) => id === request.window))
    return refusal('not-found', `There is no window ${request.window}.`);
  if ('pane' in request && !panes.some(({ id }) => id === request.pane))
    return refusal('not-found', `There is no pane ${request.pane}.`);
  const here = "-c '#{pane_current_path}'";
  switch (request.do) {
    case 'new':
      if (windows.length >= maxWindows) return refusal('full', `There are ${maxWindows} windows already.`);
      return panes.length >= maxPanes ? tooManyPanes : `new-window -t '${session}:' ${here}`;
    case 'select':
      return `select-window -t '${request.window}'`;
    case 'step':
      return windows.length > 1 ? `${request.to}-window -t '${session}'` : null;
    case 'rename': {
      const name = plainName(request.name);
      if (name === '') return `set-option -uw -t '${request.window}' automatic-rename`;
      return `rename-window -t '${request.window}' -- ${quoteWord(literalFormat(name))}`;
    }
    case 'close':
      return (
        busy(
          request,
          panes.filter(({ window }) => window === request.window),
          programOf,
        ) ?? `kill-window -t '${request.window}'`
      );
    case 'split':
      if (panes.length >= maxPanes) return tooManyPanes;
      return `split-window ${request.to === 'right' ? '-h' : '-v'} -t '${request.pane}' ${here}`;
    case 'select-pane':
      return `select-pane -t '${request.pane}'`;
    case 'close-pane':
      return (
        busy(
          request,
          panes.filter(({ id }) => id === request.pane),
          programOf,
        ) ?? `kill-pane -t '${request.pane}'`
      );
    case 'zoom':
      return `resize-pane -Z -t '${request.pane}'`;
  }
}

/** Serves one browser: reports the tabs to it, and does what it asks for. */
export function connectWindows(options: {
  socket: TerminalSocket;
  windows: Windows | undefined;
  /** Whether this person has the pen. Others see the tabs, and change none. */
  mayChange: () => boolean;
  onTyped: () => void;
}): void {
  const { socket, windows, mayChange, onTyped } = options;
  const unfollow = windows?.follow((list) => socket.emit('windows', list));
  socket.once('disconnect', () => unfollow?.());
  socket.on('window', (data: unknown, done: unknown) => {
    const answer = (result: WindowRefusal | null) => void (typeof done === 'function' && done(result));
    if (!windows) return answer(refusal('forbidden', 'There are no windows to change here.'));
    const request = windowRequestSchema.safeParse(data);
    if (!request.success) return answer(refusal('invalid-request', 'This is no request about windows.'));
    if (!mayChange()) return answer(refusal('forbidden', 'This person may not change windows.'));
    onTyped();
    void windows.request(request.data).then(answer);
  });
}

const refusal = (code: WindowRefusal['code'], message: string, more: { program?: string } = {}): WindowRefusal => ({
  code,
  message,
  ...more,
});

const tooManyPanes = refusal('full', `There are ${maxPanes} panes already.`);

function busy(
  { force }: { force?: boolean | undefined },
  panes: readonly Pane[],
  programOf: (pid: number) => string | undefined,
): WindowRefusal | undefined {
  if (force) return undefined;
  const program = panes.map(({ pid }) => programOf(pid)).find((name) => name !== undefined);
  if (program === undefined) return undefined;
  return refusal('busy', 'A program runs there.', { program: plainName(program) });
}

function withDeadline(work: Promise<WindowRefusal | null>): Promise<WindowRefusal | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<WindowRefusal>((resolve) => {
    timer = setTimeout(() => resolve(refusal('unavailable', 'tmux did not answer in time.')), patienceMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
