// Which managers run, by the Leases that they renew: pure, and without a clock. Times in Leases are another machine's, and
// a local timer would take an outage of the API for the death of all others. So this manager's own renewals, which come by
// the same watch, are the clock: a manager that does not renew while this one does so several times is absent.

import { type Share, wholeShare } from '../model/share.ts';

/** After so many renewals of this manager without one of another, the other is absent, and then its Lease is stale. */
export const missedUntil = { absent: 3, stale: 6 };

type Manager = { version: string; missed: number };

export class Roster {
  readonly #own: string;
  readonly #managers = new Map<string, Manager>();
  #share: Share = wholeShare;

  /** `own`: the name of this manager's Lease. */
  constructor(own: string) {
    this.#own = own;
  }

  /** The part of the ordinals that this manager prefers; the whole while it knows no other. */
  get share(): Share {
    return this.#share;
  }

  /** A Lease as it now is: its resourceVersion, undefined once it is gone. */
  observe(name: string, version: string | undefined): void {
    if (version === undefined) this.#managers.delete(name);
    else if (this.#managers.get(name)?.version !== version) {
      this.#managers.set(name, { version, missed: 0 });
      if (name === this.#own) for (const [other, manager] of this.#managers) if (other !== name) manager.missed++;
    }
    this.#share = this.#divide();
  }

  /** Leases of managers that have been absent for long. */
  stale(): { name: string; version: string }[] {
    return [...this.#managers]
      .filter(([, { missed }]) => missed >= missedUntil.stale)
      .map(([name, { version }]) => ({ name, version }));
  }

  /** Every manager sorts the same names, so each comes to another rank. */
  #divide(): Share {
    const present = [...this.#managers].filter(([, { missed }]) => missed < missedUntil.absent).map(([name]) => name);
    const names = [...new Set([...present, this.#own])].sort();
    return { rank: names.indexOf(this.#own), of: names.length };
  }
}
