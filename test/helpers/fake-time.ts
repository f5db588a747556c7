// Simulated time that only a test advances, and clocks that run slightly fast or slow, as real ones do.

import { nextTurn } from './model-cluster.ts';

type Sleeper = { clock: FakeClock; at: number; wake: () => void };

export class FakeTime {
  now = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** A clock that is `offset` ahead now, and runs at `rate`. */
  clock(rate = 1, offset = 0): FakeClock {
    const startedAt = this.now;
    const clock: FakeClock = {
      paused: false,
      monotonic: () => offset + (this.now - startedAt) * rate,
      delay: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const abort = () => {
            this.#sleepers.delete(sleeper);
            reject(signal!.reason);
          };
          const wake = () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          };
          const sleeper = { clock, at: this.now + ms / rate, wake };
          this.#sleepers.add(sleeper);
          signal?.addEventListener('abort', abort, { once: true });
        }),
    };
    return clock;
  }

  /** Advances the time by this many milliseconds, and calls `check` after each event. */
  async pass(ms: number, check: () => void = () => {}): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await this.settle();
      check();
      if (this.now >= end) return;
      const due = [...this.#sleepers].filter(({ clock }) => !clock.paused).map(({ at }) => at);
      this.now = Math.max(this.now, Math.min(end, this.now + 500, ...due));
      // Check before the sleepers wake, so that no code has reacted to the new time yet.
      check();
      for (const sleeper of this.#sleepers) {
        if (sleeper.at > this.now || sleeper.clock.paused) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
    }
  }

  /** Runs all work that does not wait for time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await nextTurn();
  }
}

/** `paused`: the process does not run, but its clock does. */
export type FakeClock = {
  paused: boolean;
  monotonic: () => number;
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
};
