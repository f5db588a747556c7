// How long a new leader waits before a missing report means that no visitor has connected. Without a leader, or during an outage of
// the API server, connections could not be written to the pods. Terminals report at least every ten seconds.

import type { Settings } from '../model/settings.ts';

export type ListeningPeriodOptions = {
  clock: () => number;
  /** For how long the API server has answered this manager. */
  answeredForMs: () => number;
  /** When a terminal last reported to this manager. It reports only once a visitor has connected. */
  heardAt: (uid: string) => number | undefined;
};

const listenMs = 15_000;

export class ListeningPeriod {
  readonly #options: ListeningPeriodOptions;
  /** Since when this manager has been the leader. */
  #leaderSince: number | undefined;

  constructor(options: ListeningPeriodOptions) {
    this.#options = options;
  }

  /** Call it at every evaluation. */
  update(isLeader: boolean): void {
    if (isLeader) this.#leaderSince ??= this.#options.clock();
    else this.#leaderSince = undefined;
  }

  /** Whether this leader has waited long enough and has had no report of the terminal. A report counts even if its write failed. */
  hasMissedReport(uid: string, { connectTimeout }: Pick<Settings, 'connectTimeout'>): boolean {
    const { clock, answeredForMs, heardAt } = this.#options;
    if (heardAt(uid) !== undefined || this.#leaderSince === undefined) return false;
    const ms = Math.min(listenMs, connectTimeout);
    return clock() >= this.#leaderSince + ms && answeredForMs() >= ms;
  }
}
