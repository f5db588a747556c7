// One attempt to claim a ready pod for a visitor whose turn it may be. Each pod is claimed by one conditional write (inv 1, 11),
// so another manager may be first; then the next pod is tried.

import { pauseMs } from '../../common/backoff.ts';
import { ServiceError } from '../../common/errors.ts';
import type { ClaimToWrite } from '../kubernetes/port.ts';
import type { ClaimRecord, ObservedPod } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { ClaimContext, ClaimResult } from './types.ts';

// After a conflict the API server's state differs from the watch's. Do not retry the pod for this time, unless the watch reports it again.
const quarantineMs = 5_000;
const writeBackoff = { firstMs: 50, maxMs: 1_000 };

/** The visitor and the pool of a claim. `address`: the keyed hash of the visitor's network. */
export type Claimant = { pool: Pool; visitor: string; address: string | undefined };

export class ClaimAttempt {
  readonly #context: ClaimContext;
  readonly #claimant: Claimant;

  constructor(context: ClaimContext, claimant: Claimant) {
    this.#context = context;
    this.#claimant = claimant;
  }

  /** The claimed terminal. Undefined when it is not the visitor's turn, or no pod is ready. */
  async run(signal: AbortSignal): Promise<ClaimResult | undefined> {
    const { clock, log, picker, requestsOf } = this.#context;
    const { pool, visitor } = this.#claimant;
    const startedAt = clock();
    for (let conflicts = 0; !signal.aborted; conflicts++) {
      // The leader ends a lost terminal once its visitor has another.
      const own = pool.terminalOf(visitor);
      if (own && !pool.isLost(own)) return reconnect(this.#context, pool, own);
      const pod = requestsOf(pool).isTurnOf(visitor) ? picker.pick(pool) : undefined;
      if (!pod) return undefined;
      const result = await this.#claim(pod, signal);
      if (!result) continue;
      log.info({ pool: pool.name, pod: result.pod.name, conflicts, ms: clock() - startedAt }, 'claimed');
      return result;
    }
    throw signal.reason;
  }

  /** Claims the picked pod. Undefined when another manager was first. */
  async #claim(pod: ObservedPod, signal: AbortSignal): Promise<ClaimResult | undefined> {
    const { pools, clock, newId, requestsOf, serve } = this.#context;
    const { pool, visitor, address } = this.#claimant;
    const { claiming } = requestsOf(pool);
    claiming.add(visitor);
    try {
      const claim = { id: newId(), visitor, address, claimedAt: clock() };
      // Sign the ticket during the write, so that the visitor waits only for the longer of the two.
      const [claimed, ticket] = await Promise.all([
        this.#write(pod, claim, signal),
        signTicket(this.#context, pod, claim),
      ]);
      if (claimed === 'conflict') {
        this.#quarantine(pod);
        return undefined;
      }
      pools.observe({ kind: 'pod', name: claimed.name, object: claimed });
      return resultOf(pool, claimed, 'new', ticket);
    } finally {
      claiming.delete(visitor);
      pool.ready.release(pod);
      serve(pool);
    }
  }

  /**
   * Writes the claim. Without an answer it is unknown whether the write took effect, so it is repeated until the API server
   * answers. A conflict then means that another manager was first, or that the first write succeeded.
   */
  async #write(pod: ObservedPod, claim: ClaimToWrite, signal: AbortSignal): Promise<ObservedPod | 'conflict'> {
    const { cluster, delay, log, random } = this.#context;
    for (let unanswered = 0; ; ) {
      try {
        const result = await cluster.claimPod(pod, claim);
        if (result !== 'conflict' || unanswered === 0) return result;
        const now = await cluster.readPod(pod.name);
        return now?.uid === pod.uid && now.claim?.id === claim.id ? now : 'conflict';
      } catch (error) {
        if (!(error instanceof ServiceError) || !error.retryable || signal.aborted) throw error;
        unanswered++;
        log.warn({ pod: pod.name, err: error, unanswered }, 'the API server did not answer a claim, trying again');
        await delay(pauseMs(unanswered, random(), writeBackoff), signal).catch(() => {});
      }
    }
  }

  #quarantine(pod: ObservedPod): void {
    const { picker, delay, serve } = this.#context;
    const { pool } = this.#claimant;
    picker.noteConflict(pool);
    pool.ready.quarantine(pod);
    void delay(quarantineMs).then(() => {
      pool.ready.endQuarantine(pod);
      serve(pool);
    });
  }
}

/** The visitor's own terminal, with a new ticket. */
export async function reconnect(context: ClaimContext, pool: Pool, pod: ObservedPod): Promise<ClaimResult> {
  return resultOf(pool, pod, 'reconnected', await signTicket(context, pod, pod.claim!));
}

function resultOf(pool: Pool, pod: ObservedPod, status: ClaimResult['status'], ticket: string): ClaimResult {
  const { visitor } = pod.claim!;
  pool.queue.serve(visitor);
  return { pod, status, ticket, former: pool.formerOf(visitor) };
}

function signTicket(
  { signer, newId, clock }: ClaimContext,
  pod: ObservedPod,
  { id, visitor }: Pick<ClaimRecord, 'id' | 'visitor'>,
): Promise<string> {
  return signer.sign({ aud: pod.uid, sub: visitor, jti: newId(), claim: id, role: 'owner' }, clock());
}
