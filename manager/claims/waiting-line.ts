// Visitors for whom no pod was ready at once, in the order in which they came. They wait for a short time only, for
// pods that are already starting.

import { ServiceError } from '../../common/errors.ts';
import type { ObservedPod } from '../pool/observation.ts';
import { podsToHopeFor } from '../pool/plan.ts';
import type { Pool } from '../pool/pool.ts';

export class WaitingLine {
  readonly #waiting: { hand: (pod: ObservedPod) => void; leave: (reason: unknown) => void }[] = [];
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Hands available pods to those who wait, longest wait first, and tells those for whom none can come that all are in
   * use. Call after anything changed.
   */
  serve(): void {
    while (this.#waiting.length > 0) {
      const pod = this.#pool.take();
      if (!pod) break;
      this.#waiting.shift()!.hand(pod);
    }
    // Almost always: and what there is to hope for costs a look at every pod.
    if (this.#waiting.length === 0) return;
    const hope = podsToHopeFor(this.#pool);
    while (this.#waiting.length > hope) {
      const { replicas } = this.#pool;
      const message = replicas === 0 ? 'This pool has no terminals.' : `All ${replicas} terminals are in use.`;
      this.#waiting.at(-1)!.leave(new ServiceError('pool-exhausted', message, { retryAfter: 5 }));
    }
  }

  /** A reserved pod, once there is one; rejects when `signal` is aborted. `front`: was first in line before. */
  wait(signal: AbortSignal, { front = false } = {}): Promise<ObservedPod> {
    return new Promise((resolve, reject) => {
      const abort = () => entry.leave(signal.reason);
      const entry = {
        hand(pod: ObservedPod) {
          signal.removeEventListener('abort', abort);
          resolve(pod);
        },
        leave: (reason: unknown) => {
          signal.removeEventListener('abort', abort);
          this.#waiting.splice(this.#waiting.indexOf(entry), 1);
          reject(reason);
        },
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      if (front) this.#waiting.unshift(entry);
      else this.#waiting.push(entry);
      this.serve();
    });
  }
}
