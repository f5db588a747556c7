// Puts the local terminal into raw mode, and restores it on every way out: the end, an error, a signal.

import type { ReadStream, WriteStream } from 'node:tty';
import type { ScreenModes } from './screen-modes.ts';

/** Returns a function that restores the terminal, once. The end of the process does it too. */
export function enterRawMode(stdin: ReadStream, stdout: WriteStream | undefined, modes: ScreenModes): () => void {
  let raw = true;
  stdin.setRawMode(true);
  // When a shell stops and continues this process, it resets the terminal's mode.
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
      // The terminal is gone.
    }
  };
  process.once('exit', restore);
  process.on('SIGCONT', again);
  return restore;
}

/** The size of a terminal; 80×24 if unknown. */
export function sizeOf({ columns, rows }: { columns?: number; rows?: number }): { cols: number; rows: number } {
  const within = (value: number | undefined, min: number, usual: number) =>
    value === undefined || value < 1 ? usual : Math.min(1_000, Math.max(min, value));
  return { cols: within(columns, 2, 80), rows: within(rows, 1, 24) };
}
