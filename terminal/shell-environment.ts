// The environment of the visitor's shell: the variables of the image and of the pod's author, without the server's own. Pure, except for
// `exists`, which looks up a terminal description.

import type { Environment } from '../common/environment.ts';

// Service links, the server's settings, and an outer tmux or screen, if the server was started inside one.
const internal = /^(WARMTERM_|KUBERNETES_|NODE_|npm_|TMUX|STY$|WINDOW(ID)?$|TERMCAP$|COLUMNS$|LINES$)/;
const own = new Set(['HOST', 'PORT', 'LOG_LEVEL', 'OLDPWD', 'SHLVL', '_']);
const terminfo = [
  '/etc/terminfo',
  '/lib/terminfo',
  '/usr/share/terminfo',
  '/usr/lib/terminfo',
  '/usr/local/share/terminfo',
];

/** The environment of the shell, of tmux and of the before-exit hook. */
export function shellEnvironment(
  environment: Environment,
  about: { shell: string; home: string; exists: (path: string) => boolean },
): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !internal.test(entry[0]) && !own.has(entry[0]),
  );
  const result: Record<string, string> = { HOME: about.home, ...Object.fromEntries(kept) };
  result.SHELL = about.shell;
  result.COLORTERM = 'truecolor';
  result.TERM = describes('tmux-256color', result, about.exists) ? 'tmux-256color' : 'screen-256color';
  // Without a UTF-8 locale the shell's line editor counts bytes, and accented letters break the line.
  if (!/utf-?8/i.test(result.LC_ALL ?? result.LC_CTYPE ?? result.LANG ?? '')) {
    delete result.LC_ALL;
    delete result.LC_CTYPE;
    result.LANG = 'C.UTF-8';
  }
  return result;
}

/** The environment of an attached client: only what drawing on the browser's xterm needs. */
export const attachEnvironment = (shell: Record<string, string>): Record<string, string> => ({
  PATH: shell.PATH ?? '/usr/local/bin:/usr/bin:/bin',
  LANG: shell.LANG ?? 'C.UTF-8',
  TERM: 'xterm-256color',
  COLORTERM: 'truecolor',
});

function describes(name: string, environment: Record<string, string>, exists: (path: string) => boolean): boolean {
  const folders = [environment.TERMINFO, `${environment.HOME}/.terminfo`, ...terminfo];
  const initials = [name.charAt(0), name.charCodeAt(0).toString(16)];
  return folders.some((folder) => folder && initials.some((initial) => exists(`${folder}/${initial}/${name}`)));
}
