// Detects when a shell has drawn its prompt, by watching the pane: a prompt leaves the cursor to the right of the first column. A greeting ends
// with a newline, and a shell that is still reading its files has printed nothing.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import type { ControlClient } from './control-client.ts';

/** A prompt may be empty or end with a newline, so after this time the shell counts as ready. */
const patienceMs = 10_000;

export const paneFormat = '#{cursor_x} #{pane_dead}';

/** Whether a pane described by `paneFormat` shows a prompt. */
export function showsPrompt(pane: string): boolean {
  const [cursorX, dead] = pane.split(' ').map(Number);
  return cursorX !== undefined && cursorX > 0 && dead === 0;
}

/** Resolves when the prompt is drawn. Rejects if tmux ends before. `listen` takes a function to call at each output. */
export async function waitForPrompt(
  client: Pick<ControlClient, 'command' | 'closed'>,
  listen: (onOutput: (() => void) | undefined) => void,
  log: Logger,
): Promise<void> {
  const giveUp = new AbortController();
  const late = delay(patienceMs, 'late' as const, { signal: giveUp.signal });
  late.catch(() => {});
  try {
    for (;;) {
      const printed = new Promise<'printed'>((resolve) => listen(() => resolve('printed')));
      if (showsPrompt(await client.command(`display-message -p '${paneFormat}'`))) return;
      const gone = client.closed.then((): never => {
        throw new Error('the shell exited before it showed a prompt');
      });
      if ((await Promise.race([printed, late, gone])) === 'late') {
        log.warn({ patienceMs }, 'the shell has shown no prompt in time; treating it as ready');
        return;
      }
    }
  } finally {
    listen(undefined);
    giveUp.abort();
  }
}
