// Shows the other managers that this one runs, by its own Lease, and derives from theirs how to divide the ready pods. A failure costs
// only speed: a manager that knows no other claims as if it were the only one.

import { createHash } from 'node:crypto';
import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Share } from '../model/share.ts';
import { missedUntil, Roster } from './roster.ts';

export type PeersOptions = {
  cluster: Pick<Cluster, 'watchManagers' | 'reportManager' | 'removeManager'>;
  /** The name of the leader's Lease. */
  lease: string;
  /** Unique to this process. */
  identity: string;
  log: Logger;
  /** Milliseconds since 1970, recorded in the Lease. */
  clock: () => number;
  /** Resolves after `ms` milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  isLeader: () => boolean;
};

/** Each manager writes its Lease once in this time. */
export const renewMs = 10_000;

export class Peers {
  readonly #options: PeersOptions;
  readonly #name: string;
  readonly #roster: Roster;
  #failing = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    // An identity may contain characters that are not valid in an object name.
    const hash = createHash('sha256').update(options.identity).digest('hex').slice(0, 16);
    this.#name = `${options.lease}-${hash}`;
    this.#roster = new Roster(this.#name);
  }

  /** The share of the ready pods that this manager prefers. */
  share(): Share {
    return this.#roster.share;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster } = this.#options;
    await Promise.all([
      cluster.watchManagers((name, version) => this.#roster.observe(name, version), signal),
      this.#renewUntil(signal),
    ]);
    await this.#try('remove its Lease', () => cluster.removeManager({ name: this.#name }));
  }

  async #renewUntil(signal: AbortSignal): Promise<void> {
    const { cluster, clock, delay, identity, isLeader } = this.#options;
    const startedAt = clock();
    while (!signal.aborted) {
      const durationMs = missedUntil.absent * renewMs;
      const lease = { holder: identity, durationMs, acquiredAt: startedAt, renewedAt: clock(), transitions: 0 };
      await this.#try('renew its Lease', () => cluster.reportManager(this.#name, lease));
      if (isLeader()) {
        for (const stale of this.#roster.stale()) {
          await this.#try('remove the Lease of a manager that is gone', () => cluster.removeManager(stale));
        }
      }
      await delay(renewMs, signal).catch(() => {});
    }
  }

  /** Logs only the first of several consecutive failures. */
  async #try(what: string, request: () => Promise<unknown>): Promise<void> {
    try {
      await request();
      this.#failing = false;
    } catch (error) {
      const level = this.#failing ? 'debug' : 'warn';
      this.#options.log[level]({ err: error }, `the manager could not ${what}: managers may meet at the same pods`);
      this.#failing = true;
    }
  }
}
