// Claiming a terminal for a visitor, and ending it: the visitor's own pod if there is one, else the lowest ready pod by
// one conditional write (inv 1, 2, 11). Knows the Kubernetes port, but not who serves HTTP.

import { type ErrorCode, isAbort, ServiceError, toServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { ClaimToWrite, Cluster } from '../cluster/port.ts';
import type { ObservedPod } from '../pool/observation.ts';
import type { Pool } from '../pool/pool.ts';
import type { Pools } from '../pool/pools.ts';
import { Limits, type Origin } from './limits.ts';
import { WaitingLine } from './waiting-line.ts';

export type ClaimResult = { pod: ObservedPod; status: 'new' | 'reconnected' };

/** What a claim came to, for whoever counts; `abandoned` by a visitor who left before. */
export type ClaimOutcome = { pool: string; result: ClaimResult['status'] | ErrorCode | 'abandoned'; ms: number };

export type ClaimsOptions = {
  pools: Pools;
  cluster: Cluster;
  log: Logger;
  clock: () => number;
  /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  chance: () => number;
  /** A fresh id for each claim. */
  newId: () => string;
  /** How long a visitor waits for a pod that is starting, in milliseconds. */
  timeoutMs: number;
  /** Called after each change that this class made itself, so that the pool is refilled at once. */
  onChange: (pool: Pool) => void;
  onClaim?: (outcome: ClaimOutcome) => void;
};

// For how long a pod is passed over after the API server contradicted what was known of it, unless news come earlier.
const distrustMs = 5_000;

// Several managers that all take the lowest pod meet there while each has yet to hear of what the other took. Whoever has
// met another lately picks among so many.
const crowd = { among: 16, forMs: 10_000 };

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #limits: Limits;
  readonly #lines = new Map<Pool, WaitingLine>();
  /** When a claim in the pool last met another manager's. */
  readonly #met = new Map<Pool, number>();
  /** The last thing under way for each visitor: two tabs that open at once get one terminal. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#limits = new Limits(options);
  }

  waiting(pool: Pool): number {
    return this.#lines.get(pool)?.length ?? 0;
  }

  /** Something about the pool has changed: those who wait are served, or told that there is nothing to wait for. */
  serve(pool: Pool): void {
    this.#lines.get(pool)?.serve();
  }

  /** The visitor's terminal. In `poolName`, or in any pool where that is undefined. */
  find(visitor: string, poolName?: string): ObservedPod | undefined {
    const { pools } = this.#options;
    const candidates = poolName === undefined ? [...pools.all()] : [this.#pool(poolName)];
    for (const pool of candidates) {
      const pod = pool.terminalOf(visitor, this.#options.clock());
      if (pod) return pod;
    }
    return undefined;
  }

  /** The visitor's terminal in the pool, claimed now if there is none. `signal` is aborted when nobody waits any more. */
  claim(visitor: string, poolName: string | undefined, signal: AbortSignal, origin: Origin = {}): Promise<ClaimResult> {
    const pool = this.#pool(poolName);
    return this.#inTurn(`${pool.name}/${visitor}`, () => this.#claim(pool, visitor, signal, origin));
  }

  /** Ends the visitor's terminal; `session-not-found` when there is none. */
  async end(visitor: string, poolName?: string): Promise<void> {
    const pod = this.find(visitor, poolName);
    if (!pod) throw new ServiceError('session-not-found', 'There is no terminal of yours.');
    await this.#inTurn(`${pod.pool}/${visitor}`, () => this.#end(pod));
  }

  /** Ends the visitor's terminal, if there is one, and claims a fresh one. */
  restart(
    visitor: string,
    poolName: string | undefined,
    signal: AbortSignal,
    origin: Origin = {},
  ): Promise<ClaimResult> {
    const pool = this.#pool(poolName);
    return this.#inTurn(`${pool.name}/${visitor}`, () => this.#claim(pool, visitor, signal, origin, { afresh: true }));
  }

  #pool(name: string | undefined): Pool {
    const { pools } = this.#options;
    if (name !== undefined) {
      const pool = pools.get(name);
      if (pool) return pool;
      throw new ServiceError('not-found', `There is no pool named ${name}.`);
    }
    const [only, ...others] = pools.all();
    if (!only) throw new ServiceError('unavailable', 'There is no pool of terminals yet.', { retryAfter: 2 });
    if (others.length > 0) throw new ServiceError('invalid-request', 'There are several pools: say which one.');
    return only;
  }

  async #inTurn<T>(key: string, action: () => Promise<T>): Promise<T> {
    const former = this.#underWay.get(key);
    const turn = (former ?? Promise.resolve()).then(action, action);
    this.#underWay.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(key) === turn) this.#underWay.delete(key);
    }
  }

  async #claim(
    pool: Pool,
    visitor: string,
    hangUp: AbortSignal,
    origin: Origin,
    { afresh = false } = {},
  ): Promise<ClaimResult> {
    const { clock, onClaim } = this.#options;
    const startedAt = clock();
    const tell = (result: ClaimOutcome['result']) => onClaim?.({ pool: pool.name, result, ms: clock() - startedAt });
    let leave: (() => void) | undefined;
    try {
      const own = pool.terminalOf(visitor, startedAt);
      // Whoever comes back to a terminal, or has lost one with its node, takes nothing from anybody.
      if (!own || afresh) leave = this.#limits.enter(pool, visitor, origin);
      if (own && afresh) await this.#end(own);
      const claim = await this.#findOrTake(pool, visitor, hangUp, origin.address);
      tell(claim.status);
      return claim;
    } catch (error) {
      tell(isAbort(error) ? 'abandoned' : toServiceError(error).code);
      throw error;
    } finally {
      leave?.();
    }
  }

  async #findOrTake(
    pool: Pool,
    visitor: string,
    hangUp: AbortSignal,
    address: string | undefined,
  ): Promise<ClaimResult> {
    const { timeoutMs, clock, newId, log } = this.#options;
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([hangUp, deadline]);
    const startedAt = clock();
    for (let attempt = 0; ; attempt++) {
      const own = pool.terminalOf(visitor, clock());
      // A lost one is ended by the leader, once its visitor has another.
      if (own && !pool.isLost(own, clock())) return { pod: own, status: 'reconnected' };
      const pod = await this.#reserve(pool, signal, attempt > 0);
      try {
        const claimed = await this.#write(pod, { id: newId(), visitor, address, claimedAt: clock() }, signal);
        if (claimed === 'conflict') {
          this.#distrust(pool, pod);
          continue;
        }
        this.#observe(pool, claimed);
        log.info({ pool: pool.name, pod: pod.name, attempt, ms: clock() - startedAt }, 'claimed');
        return { pod: claimed, status: 'new' };
      } finally {
        pool.release(pod);
        this.serve(pool);
      }
    }
  }

  /** A reserved pod: at once if one is ready, else the next to become so, if one is on its way. */
  async #reserve(pool: Pool, signal: AbortSignal, wasFirst: boolean): Promise<ObservedPod> {
    const line = this.#line(pool);
    const pod = !signal.aborted && (line.length === 0 || wasFirst) ? this.#take(pool) : undefined;
    if (pod) return pod;
    const turn = line.wait(signal, { front: wasFirst });
    this.#options.onChange(pool);
    try {
      return await turn;
    } catch (error) {
      if (error instanceof ServiceError || isAbort(error)) throw error;
      throw new ServiceError('pool-exhausted', 'No terminal became ready in time.', { retryAfter: 2, cause: error });
    }
  }

  #take(pool: Pool): ObservedPod | undefined {
    const { clock, chance } = this.#options;
    const crowded = clock() - (this.#met.get(pool) ?? Number.NEGATIVE_INFINITY) < crowd.forMs;
    return crowded ? pool.take(crowd.among, chance()) : pool.take();
  }

  /**
   * Writes the claim. An answer that got lost leaves it open whether the claim took place, so the same write is tried
   * again until the API server says: a conflict then means either that somebody else was first or that we were.
   */
  async #write(pod: ObservedPod, claim: ClaimToWrite, signal: AbortSignal): Promise<ObservedPod | 'conflict'> {
    const { cluster, delay, log } = this.#options;
    for (let doubts = 0; ; ) {
      try {
        const result = await cluster.claimPod(pod, claim);
        if (result !== 'conflict' || doubts === 0) return result;
        const now = await cluster.readPod(pod.name);
        return now?.uid === pod.uid && now.claim?.id === claim.id ? now : 'conflict';
      } catch (error) {
        if (!(error instanceof ServiceError) || !error.retryable || signal.aborted) throw error;
        log.warn({ pod: pod.name, err: error }, 'no answer to a claim, asking again');
        await delay(Math.min(1_000, 50 * 2 ** doubts++), signal).catch(() => {});
      }
    }
  }

  async #end(pod: ObservedPod): Promise<void> {
    const { cluster, pools, log, onChange } = this.#options;
    // For the page's last word only: whatever becomes of it, the pod is deleted.
    await cluster.markEndedByOwner(pod).catch((error: unknown) => {
      log.warn({ pod: pod.name, err: error }, 'it could not be noted who ends this terminal');
    });
    const deleted = await cluster.deletePod(pod);
    log.info({ pod: pod.name }, 'ended by its visitor');
    const pool = pools.observeDeletion(pod, deleted);
    if (pool) onChange(pool);
  }

  #observe(pool: Pool, pod: ObservedPod): void {
    this.#options.pools.observe({ kind: 'pod', name: pod.name, object: pod });
    this.#options.onChange(pool);
  }

  #distrust(pool: Pool, pod: ObservedPod): void {
    this.#met.set(pool, this.#options.clock());
    pool.distrust(pod);
    void this.#options.delay(distrustMs).then(() => {
      pool.trust(pod);
      this.serve(pool);
    });
  }

  #line(pool: Pool): WaitingLine {
    const known = this.#lines.get(pool);
    if (known) return known;
    const line = new WaitingLine(pool);
    this.#lines.set(pool, line);
    return line;
  }
}
