// The local terminal in raw mode, and as it was on every way out: the end, an error, a signal.

import type { ReadStream, WriteStream } from 'node:tty';
import type { ScreenModes } from './screen-modes.ts';

/** Returns what restores the terminal, once; the end of the process does it too. */
export function enterRawMode(stdin: ReadStream, stdout: WriteStream | undefined, modes: ScreenModes): () => void {
  let raw = true;
  stdin.setRawMode(true);
  // A shell that has stopped and continued this process has put the terminal back into its own mode.
  const again = () => {
    if (raw) stdin.setRawMode(true);
  };
  const restore = () => {
    if (!raw) return;
    raw = false;
    process.off('exit', restore);
    process.off('SIGCONT', again);
    try {
      const reset = modes.reset();
      if (reset !== '') stdout?.write(reset);
      stdin.setRawMode(false);
    } catch {
      // The terminal itself is gone.
    }
  };
  process.once('exit', restore);
  process.on('SIGCONT', again);
  return restore;
}

/** The size of a terminal; that of the first ones where it has none. */
export function sizeOf({ columns, rows }: { columns?: number; rows?: number }): { cols: number; rows: number } {
  const within = (value: number | undefined, least: number, usual: number) =>
    value === undefined || value < 1 ? usual : Math.min(1_000, Math.max(least, value));
  return { cols: within(columns, 2, 80), rows: within(rows, 1, 24) };
}
