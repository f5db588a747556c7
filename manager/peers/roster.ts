// Which managers run, derived from the renewals of their Leases. Pure, without a clock: the times in Leases come from other machines,
// and by a local timer all others would look absent during an outage of the API. This manager's own renewals, which arrive
// through the same watch, are the clock: a manager that does not renew during several of them is absent.

import { type Share, wholeShare } from '../model/share.ts';

/** After this number of this manager's renewals without one of another, the other is absent, and later its Lease is stale. */
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

  /** The share of the ordinals that this manager prefers: all of them while it knows no other manager. */
  get share(): Share {
    return this.#share;
  }

  /** Records a Lease: its resourceVersion, or undefined after its deletion. */
  observe(name: string, version: string | undefined): void {
    if (version === undefined) this.#managers.delete(name);
    else if (this.#managers.get(name)?.version !== version) {
      this.#managers.set(name, { version, missed: 0 });
      if (name === this.#own) for (const [other, manager] of this.#managers) if (other !== name) manager.missed++;
    }
    this.#share = this.#divide();
  }

  /** The Leases of managers that have been absent for a long time. */
  stale(): { name: string; version: string }[] {
    return [...this.#managers]
      .filter(([, { missed }]) => missed >= missedUntil.stale)
      .map(([name, { version }]) => ({ name, version }));
  }

  /** All managers sort the same names, so each gets a different rank. */
  #divide(): Share {
    const present = [...this.#managers].filter(([, { missed }]) => missed < missedUntil.absent).map(([name]) => name);
    const names = [...new Set([...present, this.#own])].sort();
    return { rank: names.indexOf(this.#own), of: names.length };
  }
}
