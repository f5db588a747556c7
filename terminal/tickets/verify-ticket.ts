// Decides whether a ticket opens this pod, now, for the first time (inv 8).

import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ServiceError } from '../../common/errors.ts';
import { type Ticket, ticketAlgorithm, ticketIssuer, ticketSchema } from '../../common/ticket.ts';
import type { Clock } from '../clock.ts';
import { ClaimBinding } from './claim-binding.ts';
import { UsedTickets } from './used-tickets.ts';

/** How far the manager's clock and this node's may differ. Seconds. */
const toleranceSeconds = 5;

export type VerifyTicket = (text: string) => Promise<Ticket>;

/** A verifier for one pod. It throws `invalid-ticket`, or `unavailable` if the manager's keys could not be asked for. */
export function createTicketVerifier(options: { podUid: string; getKey: JWTVerifyGetKey; clock: Clock }): VerifyTicket {
  const { podUid, getKey, clock } = options;
  const used = new UsedTickets();
  const binding = new ClaimBinding();
  return async (text) => {
    const ticket = await read(text, { podUid, getKey, now: clock.wall() });
    // From here on nothing waits: of two sockets that come with one ticket at the same moment, one gets in.
    if (!binding.accepts(ticket)) throw refused('It belongs to another claim than this terminal.');
    if (!used.use(ticket.jti, ticket.exp + toleranceSeconds, clock.wall() / 1_000)) {
      throw refused('It was used before: a new one is needed for each connection.');
    }
    return ticket;
  };
}

async function read(
  text: string,
  { podUid, getKey, now }: { podUid: string; getKey: JWTVerifyGetKey; now: number },
): Promise<Ticket> {
  try {
    const { payload } = await jwtVerify(text, getKey, {
      algorithms: [ticketAlgorithm],
      issuer: ticketIssuer,
      audience: podUid,
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iat', 'jti'],
    });
    return ticketSchema.parse(payload);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw refused(reason(error), error);
  }
}

function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'It has expired: ask for a new one.';
  if (error instanceof errors.JWTClaimValidationFailed) return `Its ${error.claim} does not fit this terminal.`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'Its signature is wrong.';
  if (error instanceof errors.JWKSNoMatchingKey) return 'It is signed with a key that the manager does not have.';
  if (error instanceof errors.JOSEAlgNotAllowed) return `It is not signed with ${ticketAlgorithm}.`;
  return 'It is not a ticket.';
}

const refused = (why: string, cause?: unknown) =>
  new ServiceError('invalid-ticket', `The ticket is refused. ${why}`, { cause });
