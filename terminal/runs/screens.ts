// Who looks at the sessions of runs with a tty: the exit of such a run is told when its last screen has been drawn for all of them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Screen } from '../connection.ts';

/** A screen on which so long nothing was drawn is complete: tmux draws within a few milliseconds. */
const quietMs = 50;
/** How long a client of a short run may take to attach after it has started it. */
const attachWithinMs = 3_000;
/** A screen that is not read is not waited for any longer. */
const patienceMs = 30_000;
const lookEveryMs = 10;

export function createScreens(clock: Pick<Clock, 'now'>) {
  const screens = new Map<string, Set<Screen>>();
  const seen = new Set<string>();
  return {
    /** `socket` shows the session of `run`, until it is disconnected. */
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
    /** Resolves when the session of `run` is drawn wherever it is shown. `expected`: somebody is about to attach to it. */
    settled: async (run: string, { expected }: { expected: boolean }): Promise<void> => {
      const since = clock.now();
      for (;;) {
        const shown = [...(screens.get(run) ?? [])];
        const pastMs = clock.now() - since;
        const late = !expected || seen.has(run) || pastMs > attachWithinMs;
        // What was drawn before the end says nothing of the last screen.
        const drawn = shown.every((screen) => Math.min(screen.quietMs(), pastMs) >= quietMs);
        if ((late && drawn) || pastMs > patienceMs) return;
        await delay(lookEveryMs);
      }
    },
  };
}
