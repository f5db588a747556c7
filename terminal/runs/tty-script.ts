// The script that starts a run with a tty. The command cannot be passed to tmux directly: tmux accepts at most 16 KB, treats a word that ends
// with `;` as the end of its own command, and passes a single word to a shell. Pure.

/** A word that a POSIX shell reads as exactly `text`, which holds no NUL. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

// `exec` replaces the shell with the command, so that tmux sees the command's own exit. Its priority is that of the terminal's shell.
const expendable =
  '[ -w /proc/self/oom_score_adj ] && echo 1000 > /proc/self/oom_score_adj; exec $(command -v nice) "$0" "$@"';

/** A script for `sh` that runs the command at `path` with `args` in `directory`, with `environment` added. */
export function ttyScript(options: {
  path: string;
  args: readonly string[];
  directory: string;
  environment: Record<string, string>;
}): string {
  const { path, args, directory, environment } = options;
  const variables = Object.entries(environment).map(([name, value]) => quote(`${name}=${value}`));
  const words = ['env', ...variables, 'sh', '-c', quote(expendable), quote(path), ...args.map(quote)];
  return `cd ${quote(directory)} && exec ${words.join(' ')}\n`;
}
