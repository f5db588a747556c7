// The viewers of runs with a tty: the exit of such a run is sent when all of them have its last screen.

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Screen } from '../connection.ts';

/** A screen counts as complete after this long without drawing: tmux draws within a few milliseconds. */
const quietMs = 50;
/** How long the client of a short run may take from starting it to attaching. */
const attachWithinMs = 3_000;
/** The timeout for a browser that does not read its screen. */
const patienceMs = 30_000;
const lookEveryMs = 10;

export function createScreens(clock: Pick<Clock, 'now'>) {
  const screens = new Map<string, Set<Screen>>();
  const seen = new Set<string>();
  return {
    /** `socket` shows the session of `run` until it disconnects. */
    add: (
      run: string,
      screen: Screen,
      socket: { once: (event: 'disconnect', listener: () => void) => unknown },
    ): void => {
      const others = screens.get(run) ?? new Set();
      screens.set(run, others.add(screen));
      seen.add(run);
      socket.once('disconnect', () => {
        others.delete(screen);
        if (others.size === 0) screens.delete(run);
      });
    },
    /** Resolves when the session of `run` is drawn on all its screens. `expected`: a client is about to attach. */
    settled: async (run: string, { expected }: { expected: boolean }): Promise<void> => {
      const since = clock.now();
      for (;;) {
        const shown = [...(screens.get(run) ?? [])];
        const pastMs = clock.now() - since;
        const late = !expected || seen.has(run) || pastMs > attachWithinMs;
        // Drawing before the command's end does not count.
        const drawn = shown.every((screen) => Math.min(screen.quietMs(), pastMs) >= quietMs);
        if ((late && drawn) || pastMs > patienceMs) return;
        await delay(lookEveryMs);
      }
    },
  };
}
