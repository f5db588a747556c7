// Finds, claims, restarts and ends the terminals of visitors. A visitor gets their own terminal if there is one, else the lowest ready
// pod, else a position in the queue (inv 1, 2, 11, 12). Uses the Kubernetes port and no HTTP.

import type { ObservedPod } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Share } from '../model/share.ts';
import { QueueWriter } from '../queue/queue-writer.ts';
import { WaitingRequests } from '../queue/waiting-requests.ts';
import { reconnect } from './claim-attempt.ts';
import { ClaimRequest } from './claim-request.ts';
import { endTerminal } from './end-terminal.ts';
import { Limits, type Origin } from './limits.ts';
import {
  beingAdopted,
  candidates,
  expectedPools,
  findPool,
  findTerminal,
  isBeingAdopted,
  noTerminal,
} from './lookup.ts';
import { PodPicker } from './pod-picker.ts';
import { createSerializer } from './serializer.ts';
import type { ClaimContext, ClaimResult, ClaimsOptions, Waiting } from './types.ts';

/** A visitor's request for a terminal. */
export type TerminalRequest = {
  visitor: string;
  /** The name of the pool; undefined for the only one. */
  pool: string | undefined;
  origin: Origin;
  /** The last position that the client received. Undefined for none. */
  position: number | undefined;
  /** Aborted when the client disconnects. */
  clientGone: AbortSignal;
};

export class Claims {
  readonly #context: ClaimContext;
  readonly #writer: QueueWriter;
  readonly #requests = new Map<Pool, WaitingRequests>();
  readonly #serialize = createSerializer();

  /** `share`: the pods that this manager prefers, as far as it knows the other managers. */
  constructor(options: ClaimsOptions & { share: () => Share }) {
    this.#writer = new QueueWriter(options);
    this.#context = {
      ...options,
      limits: new Limits(options),
      picker: new PodPicker(options),
      requestsOf: (pool) => this.#requestsOf(pool),
      serve: (pool) => this.serve(pool),
    };
  }

  /** How many visitors wait for a terminal of the pool, at all managers. */
  waiting(pool: Pool): number {
    return this.#requestsOf(pool).visitors().length;
  }

  /** The pool has changed, or time has passed: serves or informs the requests that wait, and stores the queue. */
  serve(pool: Pool): void {
    this.#requestsOf(pool).serve();
    this.#writer.update(pool);
  }

  /** This manager stops: answers the waiting requests with their positions, and the clients ask another manager. */
  drain(): void {
    for (const pool of this.#context.pools.all()) this.#requestsOf(pool).drain();
  }

  /** The visitor's terminal in the pool `poolName`, or in any pool. */
  find(visitor: string, poolName?: string): ObservedPod | undefined {
    const { pools, clock } = this.#context;
    return findTerminal(pools, visitor, poolName, clock());
  }

  /** The visitor's terminal, claimed when it is the visitor's turn; or, after some time, the position in the queue. */
  async claim(request: TerminalRequest): Promise<ClaimResult | Waiting> {
    return this.#start(request, false);
  }

  /** Ends the visitor's terminal, if there is one, and claims another, before visitors who asked later. */
  async restart(request: TerminalRequest): Promise<ClaimResult | Waiting> {
    return this.#start(request, true);
  }

  /** A ticket for the visitor's existing terminal; `session-not-found` when there is none. Claims nothing. */
  async reconnect(visitor: string, poolName?: string): Promise<ClaimResult> {
    const { pools, clock, onClaim } = this.#context;
    const startedAt = clock();
    const pod = this.find(visitor, poolName);
    if (!pod) {
      const isAdopted = (pool: Pool) => isBeingAdopted(pools, pool, visitor, clock());
      throw candidates(pools, poolName, clock()).some(isAdopted) ? beingAdopted() : noTerminal();
    }
    const result = await reconnect(this.#context, pools.known(pod.pool)!, pod);
    onClaim?.({ pool: pod.pool, result: result.status, ms: clock() - startedAt, waited: false });
    return result;
  }

  /** The visitor cancels the wait. A visitor who asks again within 30 s keeps the position. */
  leave(visitor: string, poolName: string | undefined): void {
    const { pools, clock } = this.#context;
    const expected = expectedPools(pools, clock()).find(({ name }) => poolName === undefined || name === poolName);
    const pool = expected ?? findPool(pools, poolName, clock());
    pool.queue.leave(visitor);
    pool.changed();
  }

  /** Ends the visitor's terminal; `session-not-found` when there is none. */
  async end(visitor: string, poolName?: string): Promise<void> {
    const pod = this.find(visitor, poolName);
    if (!pod) throw noTerminal();
    await this.#serialize(`${pod.pool}/${visitor}`, () => endTerminal(this.#context, pod));
  }

  async #start(request: TerminalRequest, restart: boolean): Promise<ClaimResult | Waiting> {
    const { pools, clock } = this.#context;
    const pool = findPool(pools, request.pool, clock());
    const inTurn = <T>(action: () => Promise<T>) => this.#serialize(`${pool.name}/${request.visitor}`, action);
    return new ClaimRequest(this.#context, { ...request, pool, restart, inTurn }).run();
  }

  #requestsOf(pool: Pool): WaitingRequests {
    const known = this.#requests.get(pool);
    if (known) return known;
    const requests = new WaitingRequests(pool, this.#context);
    this.#requests.set(pool, requests);
    return requests;
  }
}
