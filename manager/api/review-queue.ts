// Reviews of tokens, in turn. A pod's shell can send the manager any number of forged tokens, and each distinct one costs a request
// to the API server. Few reviews are under way at once, few wait, and each source has a budget of its own, so a flood of them
// delays neither claims nor the reviews of others. Tokens of callers that were valid before go first.

import { Budgets } from '../../common/budgets.ts';
import { ServiceError } from '../../common/errors.ts';
import type { Identity } from '../kubernetes/port.ts';

export type Asker = {
  /**
   * `renewal`: this very token was valid before. `known`: its pod was. `new`: neither. A renewal costs no budget, since there is
   * one at a time of each valid token.
   */
  rank: 'renewal' | 'known' | 'new';
  /** Whose budget is charged: a pod that exists, by UID, or an address. */
  source: { pod: string } | { address: string };
};

/** What became of a review: `refused` was never sent, `unanswered` got no answer. */
export const reviewResults = ['valid', 'invalid', 'refused', 'unanswered'] as const;
export type ReviewResult = (typeof reviewResults)[number];

type Rank = Asker['rank'];
// As many as connections (kubernetes/transport.ts). At 20 ms each that is 400 reviews a second, ten times what 1,000 terminals need.
const slots = 8;
/** What callers that were not valid before may occupy of them. */
const newSlots = 6;
const maxWaiting = 256;
const waitMs = 3_000;
const retryAfterSeconds = 2;
// The kubelet renews a pod's token every 48 minutes. Several services may share an address: that of a node which rewrites it.
const budgets = { pod: { burst: 5, perSecond: 0.1 }, address: { burst: 20, perSecond: 1 } };

export class ReviewQueue {
  readonly #review: (token: string) => Promise<Identity | undefined>;
  readonly #onResult: (result: ReviewResult, asker: Asker) => void;
  readonly #delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly #budgets: { pod: Budgets; address: Budgets };
  /** What starts those that wait. */
  readonly #first: (() => void)[] = [];
  readonly #last: (() => void)[] = [];
  #running = 0;
  #runningNew = 0;

  /** `clock`: milliseconds of a clock that never jumps. */
  constructor(options: {
    review: (token: string) => Promise<Identity | undefined>;
    clock: () => number;
    /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
    delay: (ms: number, signal?: AbortSignal) => Promise<void>;
    onResult?: (result: ReviewResult, asker: Asker) => void;
  }) {
    const { review, clock, delay, onResult = noop } = options;
    this.#delay = delay;
    this.#review = review;
    this.#onResult = onResult;
    this.#budgets = { pod: new Budgets(budgets.pod, { clock }), address: new Budgets(budgets.address, { clock }) };
  }

  /** Whom the token speaks for; undefined for nobody. Throws `unavailable` when it is not reviewed: out of budget, or of time. */
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

  /** Resolves when the token has a slot. */
  async #turn(rank: Rank): Promise<void> {
    const line = rank === 'new' ? this.#last : this.#first;
    if (line.length === 0 && this.#hasRoom(rank)) return this.#occupy(rank);
    // Renewals are as many as valid tokens at most.
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
