// The client's own messages, on stderr, so that stdout has only the command's output. Colours and progress are for terminals only.

import type { Waiting } from '../common/manager-api.ts';

export type Say = {
  /** Writes a permanent line. */
  line(text: string): void;
  /** Shows progress, which the next message replaces. Does nothing without a terminal. */
  progress(text: string): void;
  /** Removes the progress. */
  clear(): void;
};

export type Output = { write(text: string): unknown; isTTY?: boolean };

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;

export function createSay(output: Output, env: Record<string, string | undefined> = {}): Say {
  const moving = output.isTTY === true && env.TERM !== 'dumb';
  const coloured = moving && !env.NO_COLOR;
  let timer: NodeJS.Timeout | undefined;
  let shown = '';
  let frame = 0;

  const draw = () => output.write(`\r\x1b[K${frames[frame++ % frames.length]} ${shown}`);
  function clear(): void {
    if (!timer) return;
    clearInterval(timer);
    timer = undefined;
    output.write('\r\x1b[K');
  }
  return {
    line(text) {
      clear();
      const name = coloured ? '\x1b[2mwarmterm:\x1b[0m' : 'warmterm:';
      // In raw mode a line feed does not return the carriage.
      output.write(`${name} ${text}${moving ? '\r\n' : '\n'}`);
    },
    progress(text) {
      if (!moving) return;
      shown = text;
      if (!timer) {
        timer = setInterval(draw, frameMs);
        timer.unref();
      }
      draw();
    },
    clear,
  };
}

/** `position 3, about 40 s`. Pure. */
export function describeQueue({ place, expectedSeconds, latestSeconds }: Waiting): string {
  const seconds = expectedSeconds ?? latestSeconds;
  if (seconds === undefined) return `position ${place}`;
  return `position ${place}, about ${seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}`;
}
