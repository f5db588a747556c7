// Verifies that a ticket is valid for this pod, now, and unused (inv 8). Uses the manager's time, because a node's clock may be wrong.

import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ServiceError } from '../../common/errors.ts';
import type { RemoteClock } from '../../common/remote-clock.ts';
import { type Ticket, ticketAlgorithm, ticketIssuer, ticketSchema } from '../../common/ticket.ts';
import { ClaimBinding } from './claim-binding.ts';
import { UsedTickets } from './used-tickets.ts';

/** How far the clocks of two managers, and this pod's estimate, may differ. Seconds. */
const toleranceSeconds = 5;

export type VerifyTicket = (text: string) => Promise<Ticket>;

export type TicketVerifierOptions = {
  podUid: string;
  getKey: JWTVerifyGetKey;
  /** The manager's time. */
  time: RemoteClock;
  /** Asks the manager for its time, unless that was done recently. Returns whether it asked. */
  askTime: () => Promise<boolean>;
};

/** A verifier for one pod. It throws `invalid-ticket`, or `unavailable` if the manager's keys cannot be fetched. */
export function createTicketVerifier(options: TicketVerifierOptions): VerifyTicket {
  const { podUid, getKey, time, askTime } = options;
  const used = new UsedTickets();
  const binding = new ClaimBinding();

  async function readByTime(text: string): Promise<Ticket> {
    try {
      return await read(text, { podUid, getKey, now: time.now() });
    } catch (error) {
      // The signature is valid. The manager's clock may have been adjusted, or this machine suspended, since the manager was last asked.
      const isExpired = error instanceof ServiceError && error.cause instanceof errors.JWTExpired;
      if (!isExpired || !(await askTime().catch(() => false))) throw error;
      return read(text, { podUid, getKey, now: time.now() });
    }
  }

  return async (text) => {
    const ticket = await readByTime(text);
    // The manager's clock has shown this time. If the estimate is behind, older tickets would be accepted.
    time.observe({ earliest: ticket.iat * 1_000, latest: Number.POSITIVE_INFINITY, since: 0 });
    // No await from here on: of two sockets with the same ticket, one is accepted.
    if (!binding.accepts(ticket)) throw refused('It belongs to another claim than this terminal.');
    if (!used.use(ticket.jti, ticket.exp + toleranceSeconds, time.now() / 1_000)) {
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
