// Queues token reviews. The shell in a pod can send the manager any number of forged tokens, and each distinct one costs a request to
// the API server. Few reviews run at once, few wait, and each source has its own budget, so a flood of tokens delays neither
// claims nor other reviews. Tokens of callers that were valid before go first.

import { Budgets } from '../../common/budgets.ts';
import { ServiceError } from '../../common/errors.ts';
import type { Identity } from '../kubernetes/port.ts';

export type Asker = {
  /**
   * `renewal`: this token was valid before. `known`: its pod had a valid one. `new`: neither. A renewal is not charged to a budget,
   * because each valid token has at most one at a time.
   */
  rank: 'renewal' | 'known' | 'new';
  /** The source that is charged: an existing pod, by UID, or an address. */
  source: { pod: string } | { address: string };
};

/** The outcome of a review. `refused`: it was not sent. `unanswered`: it got no answer. */
export const reviewResults = ['valid', 'invalid', 'refused', 'unanswered'] as const;
export type ReviewResult = (typeof reviewResults)[number];

type Rank = Asker['rank'];
// As many as the connections (kubernetes/transport.ts). At 20 ms each that is 400 reviews a second, ten times the need of 1,000 terminals.
const slots = 8;
/** The slots that reviews of `new` rank may use. */
const newSlots = 6;
const maxWaiting = 256;
const waitMs = 3_000;
const retryAfterSeconds = 2;
// The kubelet renews a pod's token every 48 minutes. Several services may share an address, if a node rewrites it.
const budgets = { pod: { burst: 5, perSecond: 0.1 }, address: { burst: 20, perSecond: 1 } };

export class ReviewQueue {
  readonly #review: (token: string) => Promise<Identity | undefined>;
  readonly #onResult: (result: ReviewResult, asker: Asker) => void;
  readonly #delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly #budgets: { pod: Budgets; address: Budgets };
  /** Functions that start the waiting reviews. */
  readonly #first: (() => void)[] = [];
  readonly #last: (() => void)[] = [];
  #running = 0;
  #runningNew = 0;

  /** `clock`: milliseconds of a monotonic clock. */
  constructor(options: {
    review: (token: string) => Promise<Identity | undefined>;
    clock: () => number;
    /** Resolves after `ms` milliseconds, rejects when `signal` is aborted. */
    delay: (ms: number, signal?: AbortSignal) => Promise<void>;
    onResult?: (result: ReviewResult, asker: Asker) => void;
  }) {
    const { review, clock, delay, onResult = noop } = options;
    this.#delay = delay;
    this.#review = review;
    this.#onResult = onResult;
    this.#budgets = { pod: new Budgets(budgets.pod, { clock }), address: new Budgets(budgets.address, { clock }) };
  }

  /** The identity of the token; undefined if it is invalid. Throws `unavailable` without a review: no budget, or too late. */
  async ask(token: string, asker: Asker): Promise<Identity | undefined> {
    let result: ReviewResult = 'refused';
    try {
      this.#charge(asker);
      await this.#turn(asker.rank);
      result = 'unanswered';
      const identity = await this.#review(token).finally(() => this.#release(asker.rank));
      result = identity ? 'valid' : 'invalid';
      return identity;
    } finally {
      this.#onResult(result, asker);
    }
  }

  #charge({ rank, source }: Asker): void {
    if (rank === 'renewal') return;
    const [budget, key] = 'pod' in source ? [this.#budgets.pod, source.pod] : [this.#budgets.address, source.address];
    if (budget.take(key)) return;
    throw refusal('This source has sent too many unknown tokens.', Math.max(1, budget.retryAfter(key)));
  }

  /** Resolves when a slot is free for the token. */
  async #turn(rank: Rank): Promise<void> {
    const line = rank === 'new' ? this.#last : this.#first;
    if (line.length === 0 && this.#hasRoom(rank)) return this.#occupy(rank);
    // The number of renewals is bounded by the number of valid tokens.
    if (rank !== 'renewal' && line.length >= maxWaiting) throw refusal('Too many tokens wait for a review.');
    const begun = new AbortController();
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        begun.abort();
        this.#occupy(rank);
        resolve();
      };
      line.push(start);
      const giveUp = () => {
        line.splice(line.indexOf(start), 1);
        reject(refusal('The Kubernetes API reviews tokens too slowly.'));
      };
      this.#delay(waitMs, begun.signal).then(() => {
        if (!begun.signal.aborted) giveUp();
      }, noop);
    });
  }

  #hasRoom(rank: Rank): boolean {
    return this.#running < slots && (rank !== 'new' || this.#runningNew < newSlots);
  }

  #occupy(rank: Rank): void {
    this.#running++;
    if (rank === 'new') this.#runningNew++;
  }

  #release(rank: Rank): void {
    this.#running--;
    if (rank === 'new') this.#runningNew--;
    if (this.#first.length > 0) this.#first.shift()?.();
    else if (this.#hasRoom('new')) this.#last.shift()?.();
  }
}

const noop = () => {};
const refusal = (message: string, retryAfter = retryAfterSeconds) =>
  new ServiceError('unavailable', message, { retryAfter });
