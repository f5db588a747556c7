// What runs in the foreground of a pane, by Linux' own account (proc(5)).

import { readFileSync } from 'node:fs';

/**
 * The name of the program that has the terminal of the shell `pid`; undefined while that is the shell itself, or cannot be known.
 * A shell gives each of its jobs a process group of its own, and the terminal to the group in the foreground.
 */
export function foregroundProgram(pid: number): string | undefined {
  try {
    // The second field is the program's name, which may contain anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, , group, , , foreground] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    if (foreground === undefined || foreground <= 0 || foreground === group) return undefined;
    return readFileSync(`/proc/${foreground}/comm`, 'utf8').trim();
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
