// The life of one request for a terminal: attempts to claim, with a wait in the queue between them. It ends with a terminal, a
// position or an error, or when the client disconnects.

import { type Deadline, startDeadline } from '../../common/deadline.ts';
import { isAbort, ServiceError, toServiceError } from '../../common/errors.ts';
import type { Pool } from '../model/pool.ts';
import { refusalOf } from '../queue/admission.ts';
import type { Notify, WaitEnd, WaitingRequests } from '../queue/waiting-requests.ts';
import { ClaimAttempt, reconnect } from './claim-attempt.ts';
import { endTerminal } from './end-terminal.ts';
import type { Origin } from './limits.ts';
import { beingAdopted, isBeingAdopted } from './lookup.ts';
import type { ClaimContext, ClaimOutcome, ClaimResult, Waiting } from './types.ts';

export type ClaimRequestOptions = {
  pool: Pool;
  visitor: string;
  origin: Origin;
  /** The last position that the client received. Undefined for none. */
  position: number | undefined;
  /** Whether to end the visitor's terminal first. */
  restart: boolean;
  /** Aborted when the client disconnects. */
  clientGone: AbortSignal;
  /** Runs an action once the previous one of this visitor is over: two tabs that open at once get one terminal. */
  inTurn: <T>(action: () => Promise<T>) => Promise<T>;
};

// A new client gets its position after 1 s, unless it gets a terminal before. A client that knows its position gets the next one when
// it changes; far behind in the queue, less often.
const firstReportMs = 1_000;
const nextReportMs = { min: 1_000, perPosition: 100, max: 8_000 };
const retryFullQueueSeconds = 15;

export class ClaimRequest {
  readonly #context: ClaimContext;
  readonly #options: ClaimRequestOptions;
  readonly #requests: WaitingRequests;
  /** Whether this request still has to end the visitor's terminal. */
  #restart: boolean;
  /** When the visitor asked for a terminal that was lost or restarted. The visitor keeps this place in the order. */
  #askedAt: number | undefined;
  /** Ends the wait in the queue; undefined until it begins. */
  #endWait: ((at: number) => void) | undefined;

  constructor(context: ClaimContext, options: ClaimRequestOptions) {
    this.#context = context;
    this.#options = options;
    this.#requests = context.requestsOf(options.pool);
    this.#restart = options.restart;
  }

  async run(): Promise<ClaimResult | Waiting> {
    const { clock, onClaim } = this.#context;
    const { pool, visitor } = this.#options;
    const since = pool.queue.since(visitor);
    const startedAt = Math.min(clock(), since ?? Number.POSITIVE_INFINITY);
    const count = (result: ClaimOutcome['result']) => {
      const waited = since !== undefined || this.#endWait !== undefined;
      onClaim?.({ pool: pool.name, result, ms: clock() - startedAt, waited });
    };
    try {
      const result = await this.#attemptUntilAnswered();
      count(result.status);
      return result;
    } catch (error) {
      count(isAbort(error) ? 'abandoned' : toServiceError(error).code);
      throw error;
    }
  }

  async #attemptUntilAnswered(): Promise<ClaimResult | Waiting> {
    const { timeoutMs, monotonic } = this.#context;
    const { pool, visitor, position, clientGone, inTurn } = this.#options;
    const deadline = startDeadline(timeoutMs, clientGone);
    const notify = { after: monotonic() + reportDelayMs(position), position };
    try {
      for (;;) {
        const { revision } = this.#requests;
        const claimed = await inTurn(() => this.#attempt(deadline.signal));
        if (claimed) return claimed;
        if ((await this.#wait(revision, deadline, notify)) === 'attempt') continue;
        const own = pool.terminalOf(visitor);
        if (own && !pool.isLost(own)) continue;
        return this.#position();
      }
    } finally {
      this.#endWait?.(monotonic());
      deadline.clear();
    }
  }

  /** Waits for the visitor's turn, or until the position is to be reported: at the deadline at the latest. */
  async #wait(revision: number, { signal }: Deadline, notify: Notify): Promise<WaitEnd> {
    const { visitor, clientGone } = this.#options;
    try {
      return await this.#requests.wait(visitor, revision, signal, notify);
    } catch (error) {
      if (error === signal.reason && !clientGone.aborted) return 'report';
      throw error;
    }
  }

  /** The visitor's own terminal, or a ready one. Undefined when the visitor has to wait, and is in the queue now. */
  async #attempt(signal: AbortSignal): Promise<ClaimResult | undefined> {
    const { pools, clock, limits } = this.#context;
    const { pool, visitor, origin } = this.#options;
    const own = pool.terminalOf(visitor);
    const isLost = own !== undefined && pool.isLost(own);
    if (own && !isLost && !this.#restart) return reconnect(this.#context, pool, own);
    const refusal = refusalOf(pool);
    if (refusal) throw refusal;
    if (!own && isBeingAdopted(pools, pool, visitor, clock())) throw beingAdopted();
    // A visitor whose node was lost, or who is in the queue, has passed the limits before. They apply after a pod has ended by itself,
    // because its visitor can cause that, for instance by filling the disk.
    const isAdmitted = (isLost && !this.#restart) || pool.queue.has(visitor);
    const leave = isAdmitted ? undefined : limits.enter(pool, visitor, origin);
    try {
      if (own && this.#restart) await endTerminal(this.#context, own);
      this.#restart = false;
      this.#askedAt ??= own?.claim?.claimedAt;
      const claimed = await new ClaimAttempt(this.#context, { pool, visitor, address: origin.address }).run(signal);
      if (!claimed) this.#enterQueue();
      return claimed;
    } finally {
      leave?.();
    }
  }

  /** Puts the visitor into the queue, unless this request is there already, or the queue is full. */
  #enterQueue(): void {
    const { clock, limits } = this.#context;
    const { pool, visitor, origin } = this.#options;
    const isQueued = pool.queue.has(visitor);
    if (isQueued && this.#endWait) return;
    if (!isQueued) {
      const { maxWaiting } = pool.settings;
      if (this.#requests.visitors().length >= maxWaiting) throw queueFull(maxWaiting);
      limits.checkQueue(pool, visitor, origin);
    }
    this.#endWait = pool.queue.enter(visitor, clock(), { askedAt: this.#askedAt, address: origin.address });
    pool.changed();
  }

  #position(): Waiting {
    const { pool, visitor } = this.#options;
    const { claiming } = this.#requests;
    const visitors = this.#requests.visitors();
    // A visitor whose claim is being written has left the queue. Report position 1.
    const position = Math.max(1, visitors.indexOf(visitor) + 1);
    return {
      status: 'waiting',
      pool,
      position,
      waiting: Math.max(position, visitors.length),
      claiming: claiming.size - Number(claiming.has(visitor)),
    };
  }
}

function reportDelayMs(position: number | undefined): number {
  const { min, perPosition, max } = nextReportMs;
  return position === undefined ? firstReportMs : Math.min(max, Math.max(min, position * perPosition));
}

const queueFull = (most: number): ServiceError =>
  new ServiceError('too-many-requests', 'The queue is full: too many visitors wait for a terminal.', {
    retryAfter: retryFullQueueSeconds,
    limit: { of: 'line', most },
  });
