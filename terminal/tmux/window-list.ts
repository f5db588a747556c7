// What tmux says of the windows and panes of a session, as the page is told. Pure.

import { maxReported, plainName, type TerminalWindow } from '../../common/windows.ts';

const fields = [
  'window_id',
  'window_active',
  'window_bell_flag',
  'window_activity_flag',
  'window_zoomed_flag',
  'pane_id',
  'pane_active',
  'pane_pid',
];

/** A line for each pane. The name comes last: it may contain blanks. */
export const paneFormat = [...fields, 'window_name'].map((field) => `#{${field}}`).join(' ');

export type Pane = { id: string; window: string; pid: number };

/** Reads the lines of `paneFormat`, in the order of the tabs. tmux writes `\\` and `\$` for a backslash and a dollar in a name. */
export function readPanes(text: string): { windows: TerminalWindow[]; panes: Pane[] } {
  const windows = new Map<string, TerminalWindow>();
  const panes = new Map<string, Pane>();
  for (const line of text.split('\n')) {
    const [id = '', active, bell, activity, zoomed, pane = '', paneActive, pid, ...name] = line.split(' ');
    // A window that is linked twice is listed twice.
    if (!id.startsWith('@') || panes.has(pane)) continue;
    panes.set(pane, { id: pane, window: id, pid: Number(pid) });
    const known = windows.get(id);
    if (known) known.panes.push({ id: pane, active: paneActive === '1' });
    else {
      windows.set(id, {
        id,
        name: plainName(name.join(' ').replace(/\\([\\$])/g, '$1')),
        active: active === '1',
        bell: bell === '1',
        activity: activity === '1',
        zoomed: zoomed === '1',
        panes: [{ id: pane, active: paneActive === '1' }],
      });
    }
  }
  return { windows: [...windows.values()], panes: [...panes.values()] };
}

/** What is reported of them: bounded, whatever the visitor's own tmux commands have made. The active window is always among them. */
export function report(windows: readonly TerminalWindow[]): TerminalWindow[] {
  const shown = windows.slice(0, maxReported);
  const active = windows.find((window) => window.active);
  if (active && !shown.includes(active)) shown[shown.length - 1] = active;
  return shown.map((window) => ({ ...window, panes: window.panes.slice(0, maxReported) }));
}

/** `text` as one word of a tmux command: nothing in it is expanded. It must not contain line ends. */
export const quoteWord = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;

/**
 * `name` as a format (tmux(1), FORMATS) that expands to itself: `#` would begin a variable, or a command to run. tmux leaves each `#`
 * before `[` as it is.
 */
export const literalFormat = (name: string): string => name.replace(/#+(?![#[])/g, (marks) => marks.repeat(2));
