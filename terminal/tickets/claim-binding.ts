// Ties a pod to one claim for the rest of its life. Pure.

import type { Ticket } from '../../common/ticket.ts';

/** The first owner's ticket decides whose terminal this is; no other visitor or claim is let in after it (inv 1, 8). */
export class ClaimBinding {
  #bound: Pick<Ticket, 'sub' | 'claim'> | undefined;

  /** Whether `ticket` belongs to this pod's claim, which the first owner's ticket makes. */
  accepts({ sub, claim, role }: Pick<Ticket, 'sub' | 'claim' | 'role'>): boolean {
    if (this.#bound) return this.#bound.sub === sub && this.#bound.claim === claim;
    if (role === 'owner') this.#bound = { sub, claim };
    return true;
  }
}
