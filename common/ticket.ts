// What a ticket says. The manager signs it, the browser carries it, the terminal that it names verifies it: an EdDSA
// JWT (RFC 7519, RFC 8037) whose audience is the pod's UID, so that it is worthless at any other pod, also at a later
// pod of the same name.

import * as z from 'zod';

export const ticketAlgorithm = 'EdDSA';
export const ticketIssuer = 'warmterm-manager';

/** Long enough to open a socket over a bad line, too short to be worth stealing. Seconds. */
export const ticketSeconds = 60;

export const roles = ['owner', 'editor', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** The verified content of a ticket. */
export const ticketSchema = z.object({
  iss: z.literal(ticketIssuer),
  /** UID of the pod that it opens. */
  aud: z.string().min(1),
  /** Who has claimed it: the visitor's keyed hash, with a run's id after a dot or without (claimant.ts). */
  sub: z.string().min(1),
  /** Makes each ticket good for one connection. */
  jti: z.string().min(1),
  /** The claim that it belongs to. */
  claim: z.string().min(1),
  role: z.enum(roles),
  /** Seconds since 1970. */
  iat: z.number(),
  exp: z.number(),
});

export type Ticket = z.infer<typeof ticketSchema>;
