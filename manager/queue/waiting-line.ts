// The visitors of one pool whose requests wait at this manager. Whose turn it is the waiting room says, in which those of
// the other managers are too; here it is told to those whom it concerns.

import type { Pool } from '../model/pool.ts';
import { awayRetrySeconds, refusalOf } from './refusal.ts';

/** The wall clock, and one that never jumps (waiting-room.ts). */
export type Clocks = { clock: () => number; monotonic: () => number };

/** What the end of a wait means: try to claim, or tell the visitor which place it is. */
export type Turn = 'claim' | 'tell';

/** When a visitor is to be told who waits: at `from` (of the monotonic clock) or later, if the place is not `known`. */
export type Patience = { from: number; known: number | undefined };

type Waiter = {
  visitor: string;
  patience: Patience | undefined;
  end: (turn: Turn) => void;
  fail: (why: unknown) => void;
};

export class WaitingLine {
  readonly #pool: Pool;
  readonly #clocks: Clocks;
  readonly #waiters = new Set<Waiter>();
  /** Visitors for whom a claim is being written. */
  readonly claiming = new Set<string>();
  /** How often anything has changed: whoever was not waiting yet must not miss it. */
  changes = 0;
  #dismissed = false;
  /** Since when the pool has had no StatefulSet, by the clock that never jumps. */
  #awaySince: number | undefined;

  constructor(pool: Pool, clocks: Clocks) {
    this.#pool = pool;
    this.#clocks = clocks;
  }

  /** All who wait, at any manager, in their order. */
  visitors(): string[] {
    const { waiting } = this.#pool;
    this.#followStatefulSet();
    if (waiting.isEmpty) return [];
    return waiting.line(this.#clocks.monotonic()).filter((visitor) => {
      if (this.claiming.has(visitor)) return false;
      const own = this.#pool.terminalOf(visitor);
      return own === undefined || this.#pool.isLost(own);
    });
  }

  /** Whether a terminal is there for the visitor after all who asked before. */
  isTurnOf(visitor: string): boolean {
    const visitors = this.visitors();
    const place = visitors.indexOf(visitor);
    const ahead = place === -1 ? visitors.length : place;
    return ahead === 0 || this.#pool.countAvailable(ahead + 1) > ahead;
  }

  /** Anything has changed, or some time has passed. */
  serve(): void {
    this.changes++;
    this.#followStatefulSet();
    if (this.#waiters.size === 0) return;
    const refusal = refusalOf(this.#pool);
    if (refusal) {
      for (const { fail } of this.#waiters) fail(refusal);
      return;
    }
    const visitors = this.visitors();
    const places = new Map(visitors.map((visitor, index) => [visitor, index + 1]));
    const available = this.#pool.countAvailable(visitors.length);
    const at = this.#clocks.monotonic();
    for (const { visitor, patience, end } of this.#waiters) {
      const place = places.get(visitor);
      // Another request of the visitor writes a claim: the end of that claim is served here too.
      if (this.claiming.has(visitor)) continue;
      // A visitor without a place has a terminal.
      if (place === undefined || place <= available) end('claim');
      else if (patience && at >= patience.from && place !== patience.known) end('tell');
    }
  }

  // While the StatefulSet is made again, visitors are sent away for some seconds. Nobody who comes back sooner than others may
  // pass them.
  #followStatefulSet(): void {
    const at = this.#clocks.monotonic();
    if (!this.#pool.spec) this.#awaySince ??= at;
    else if (this.#awaySince !== undefined) {
      this.#pool.waiting.resume({ since: this.#awaySince, at, forMs: awayRetrySeconds * 1_000 });
      this.#awaySince = undefined;
    }
  }

  /** From now on nobody waits here: whoever would listen is told of a place, and asks another manager. */
  dismiss(): void {
    this.#dismissed = true;
    for (const { patience, end } of this.#waiters) if (patience) end('tell');
  }

  /** Waits, unless anything has changed since `changes`; rejects when `signal` is aborted, or the pool is closed. */
  wait(visitor: string, changes: number, signal: AbortSignal, patience?: Patience): Promise<Turn> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (changes !== this.changes) return resolve('claim');
      if (this.#dismissed && patience) return resolve('tell');
      const over = () => {
        signal.removeEventListener('abort', abort);
        this.#waiters.delete(waiter);
      };
      const abort = () => waiter.fail(signal.reason);
      const waiter: Waiter = {
        visitor,
        patience,
        end(turn) {
          over();
          resolve(turn);
        },
        fail(why) {
          over();
          reject(why);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
    });
  }
}
