// Binds a pod to one claim for the rest of its life. Pure.

import type { Ticket } from '../../common/ticket.ts';

/** The first owner's ticket binds the pod. Tickets of other visitors or claims are refused from then on (inv 1, 8). */
export class ClaimBinding {
  #bound: Pick<Ticket, 'sub' | 'claim'> | undefined;

  /** Whether `ticket` belongs to this pod's claim. The first owner's ticket sets the claim. */
  accepts({ sub, claim, role }: Pick<Ticket, 'sub' | 'claim' | 'role'>): boolean {
    if (this.#bound) return this.#bound.sub === sub && this.#bound.claim === claim;
    if (role === 'owner') this.#bound = { sub, claim };
    return true;
  }
}
