// Takes part in the election while the manager runs: performs the requests of the state machine, and releases the Lease at the end.
// `isLeader` always compares with the clock, because an answer may arrive late.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import {
  type Election,
  type ElectionEvent,
  type ElectionRequest,
  leads,
  next,
  releaseOf,
  startElection,
  type Timing,
} from './election.ts';

export type ElectorOptions = {
  cluster: Pick<Cluster, 'readLease' | 'createLease' | 'updateLease'>;
  /** The name of the Lease. */
  lease: string;
  /** Unique to this process, so that it recognises its own writes in the Lease. */
  identity: string;
  log: Logger;
  /** Milliseconds since 1970, recorded in the Lease. */
  clock: () => number;
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
  /** Resolves after `ms` milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  timing?: Timing;
};

// A stop waits at most this long for the release of the Lease. After that the Lease expires.
const releaseWithinMs = 2_000;

export class Elector {
  readonly #options: ElectorOptions;
  #state: Election;
  #stopped = false;
  #toldLead = false;
  #toldTrouble = false;
  #unansweredAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#state = startElection(options.identity, options.timing);
  }

  isLeader(): boolean {
    return !this.#stopped && leads(this.#state, this.#options.monotonic());
  }

  /** For how long the API server has answered every request about the Lease. */
  answeredForMs(): number {
    return this.#options.monotonic() - this.#unansweredAt;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, monotonic } = this.#options;
    let event: ElectionEvent = { type: 'due' };
    const stop = () => {
      this.#stopped = true;
      this.#tellLead();
    };
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      const { state, request } = next(this.#state, event, monotonic(), clock());
      this.#state = state;
      this.#tellLead();
      if (event.type === 'written') void this.#tellWhenOver(signal);
      event = await this.#perform(request, signal);
    }
    await this.#within(releaseWithinMs, this.#release()).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'the lease was not given back, it will expire');
    });
  }

  async #perform(request: ElectionRequest, signal: AbortSignal): Promise<ElectionEvent> {
    const { delay, log } = this.#options;
    if (request.type === 'rest') {
      await delay(request.ms, signal).catch(() => {});
      return { type: 'due' };
    }
    try {
      const asked = this.#ask(request);
      this.#underWay = asked.catch(() => {});
      // Give up a request that hangs while there is time for another, or when the manager stops.
      const event = await this.#within(this.#state.timing.renewMs / 2, asked, signal);
      this.#toldTrouble = false;
      return event;
    } catch (error) {
      if (!signal.aborted && !this.#toldTrouble) log.warn({ err: error }, 'no answer about the lease, asking again');
      this.#toldTrouble = true;
      this.#unansweredAt = this.#options.monotonic();
      return { type: 'failed' };
    }
  }

  async #ask(request: Exclude<ElectionRequest, { type: 'rest' }>): Promise<ElectionEvent> {
    const { cluster, monotonic, lease: name } = this.#options;
    if (request.type === 'read') return { type: 'read', lease: await cluster.readLease(name) };
    const sentAt = monotonic();
    const lease =
      request.version === undefined
        ? await cluster.createLease(name, request.lease)
        : await cluster.updateLease(name, request.version, request.lease);
    return lease === 'conflict' ? { type: 'refused' } : { type: 'written', lease, sentAt };
  }

  /** Reads the Lease first: a renewal without an answer may have changed the version. */
  async #release(): Promise<void> {
    const { cluster, identity, clock, lease: name } = this.#options;
    await this.#underWay;
    const release = releaseOf(await cluster.readLease(name), identity, clock());
    if (release) await cluster.updateLease(name, release.version, release.lease);
  }

  /** The result, unless it takes too long or `signal` is aborted. */
  async #within<T>(ms: number, result: Promise<T>, signal?: AbortSignal): Promise<T> {
    const over = new AbortController();
    const giveUp = () => over.abort();
    signal?.addEventListener('abort', giveUp, { once: true });
    const tooLong = this.#options
      .delay(ms, over.signal)
      .then(() => Promise.reject(new Error('The Kubernetes API did not answer in time.')));
    try {
      return await Promise.race([result, tooLong]);
    } finally {
      signal?.removeEventListener('abort', giveUp);
      over.abort();
      tooLong.catch(() => {});
    }
  }

  /** Logs the loss of the lead when the time is over: without an answer, the state machine makes no step. */
  async #tellWhenOver(signal: AbortSignal): Promise<void> {
    // A timer may fire a fraction of a millisecond early.
    await this.#options.delay(this.#state.timing.renewMs + 1, signal).catch(() => {});
    this.#tellLead();
  }

  #tellLead(): void {
    const { log, identity } = this.#options;
    const leading = this.isLeader();
    if (leading === this.#toldLead) return;
    this.#toldLead = leading;
    if (leading) log.info({ identity, transitions: this.#state.seen?.lease?.transitions }, 'leads');
    else if (this.#stopped) log.info({ identity }, 'leads no more, and gives the lease back');
    else log.warn({ identity, holder: this.#state.seen?.lease?.holder }, 'leads no more');
  }
}
