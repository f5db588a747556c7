// Identifies the visitor of a ticket. The relay requires one: the manager signs it, and it names the visitor.

import { compactVerify } from 'jose';
import { ServiceError } from '../../common/errors.ts';
import { createKeySet } from '../../common/key-set.ts';
import { type Ticket, ticketAlgorithm, ticketSchema } from '../../common/ticket.ts';
import type { Manager } from '../manager-client.ts';

export type ReadTicket = (text: string) => Promise<Ticket>;

/**
 * Throws `invalid-ticket`, or `unavailable` if the manager's keys cannot be fetched. Does not check the pod, earlier use or expiry: the pod
 * does, and this machine's clock may be wrong.
 */
export function createTicketReader({
  manager,
  now,
}: {
  manager: Pick<Manager, 'keys'>;
  now: () => number;
}): ReadTicket {
  const keys = createKeySet({ fetchKeys: manager.keys, now });
  return async (text) => {
    try {
      const { payload } = await compactVerify(text, keys.getKey, { algorithms: [ticketAlgorithm] });
      return ticketSchema.parse(JSON.parse(Buffer.from(payload).toString()));
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      throw new ServiceError('invalid-ticket', 'The ticket is not signed by the manager.', { cause: error });
    }
  };
}
