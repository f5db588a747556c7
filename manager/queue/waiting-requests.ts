// The requests at this manager that wait for a terminal of one pool. The order comes from the queue (model/queue), which includes the
// visitors of other managers. This module ends the waits: to attempt a claim, or to report a position.

import type { Pool } from '../model/pool.ts';
import { awayRetrySeconds, refusalOf } from './admission.ts';

/** The wall clock and a monotonic one (model/queue/queue.ts). */
export type Clocks = { clock: () => number; monotonic: () => number };

/** Why a wait ended: to attempt a claim, or to report the position. */
export type WaitEnd = 'attempt' | 'report';

/** The position is reported at `after` (monotonic clock) or later, unless it is the `position` that the client knows. */
export type Notify = { after: number; position: number | undefined };

type WaitingRequest = {
  visitor: string;
  notify: Notify;
  end: (why: WaitEnd) => void;
  fail: (error: unknown) => void;
};

export class WaitingRequests {
  readonly #pool: Pool;
  readonly #clocks: Clocks;
  readonly #requests = new Set<WaitingRequest>();
  /** Visitors for whom a claim is being written. */
  readonly claiming = new Set<string>();
  /** Changes with everything that may end a wait. A request compares it before it waits, so that it misses no change. */
  revision = 0;
  #isDraining = false;
  /** Since when the pool has had no StatefulSet, by the monotonic clock. */
  #awaySince: number | undefined;

  constructor(pool: Pool, clocks: Clocks) {
    this.#pool = pool;
    this.#clocks = clocks;
  }

  /** The visitors who wait at any manager, in order. */
  visitors(): string[] {
    const { queue } = this.#pool;
    this.#followStatefulSet();
    if (queue.isEmpty) return [];
    return queue.visitors(this.#clocks.monotonic()).filter((visitor) => {
      if (this.claiming.has(visitor)) return false;
      const own = this.#pool.terminalOf(visitor);
      return own === undefined || this.#pool.isLost(own);
    });
  }

  /** Whether a terminal is left for the visitor after one for each visitor ahead. */
  isTurnOf(visitor: string): boolean {
    const visitors = this.visitors();
    const index = visitors.indexOf(visitor);
    const ahead = index === -1 ? visitors.length : index;
    return ahead === 0 || this.#pool.countAvailable(ahead + 1) > ahead;
  }

  /** The pool has changed, or time has passed: ends the waits whose turn or report is due. */
  serve(): void {
    this.revision++;
    this.#followStatefulSet();
    if (this.#requests.size === 0) return;
    const refusal = refusalOf(this.#pool);
    if (refusal) {
      for (const { fail } of this.#requests) fail(refusal);
      return;
    }
    const visitors = this.visitors();
    const positions = new Map(visitors.map((visitor, index) => [visitor, index + 1]));
    const available = this.#pool.countAvailable(visitors.length);
    const at = this.#clocks.monotonic();
    for (const { visitor, notify, end } of this.#requests) {
      const position = positions.get(visitor);
      // Another request of the visitor writes a claim. Its end calls this method again.
      if (this.claiming.has(visitor)) continue;
      // A visitor without a position has a terminal.
      if (position === undefined || position <= available) end('attempt');
      else if (at >= notify.after && position !== notify.position) end('report');
    }
  }

  /** This manager stops: answers every request with its position, and the clients ask another manager. */
  drain(): void {
    this.#isDraining = true;
    for (const { end } of this.#requests) end('report');
  }

  /** Waits, unless `revision` is outdated. Rejects when `signal` is aborted, or the pool no longer accepts visitors. */
  wait(visitor: string, revision: number, signal: AbortSignal, notify: Notify): Promise<WaitEnd> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (revision !== this.revision) return resolve('attempt');
      if (this.#isDraining) return resolve('report');
      const remove = () => {
        signal.removeEventListener('abort', abort);
        this.#requests.delete(request);
      };
      const abort = () => request.fail(signal.reason);
      const request: WaitingRequest = {
        visitor,
        notify,
        end(why) {
          remove();
          resolve(why);
        },
        fail(error) {
          remove();
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#requests.add(request);
    });
  }

  // While the pool has no StatefulSet, visitors are asked to retry after some seconds. Their positions are kept, so that a visitor
  // who returns early does not overtake others.
  #followStatefulSet(): void {
    const at = this.#clocks.monotonic();
    if (!this.#pool.spec) this.#awaySince ??= at;
    else if (this.#awaySince !== undefined) {
      this.#pool.queue.resume({ since: this.#awaySince, at, forMs: awayRetrySeconds * 1_000 });
      this.#awaySince = undefined;
    }
  }
}
