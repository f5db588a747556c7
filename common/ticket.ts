// The content of a ticket. The manager signs it, the browser carries it and the terminal verifies it. It is an EdDSA JWT (RFC 7519, RFC 8037)
// whose audience is the pod's UID, so no other pod accepts it, not even a later pod of the same name.

import * as z from 'zod';

export const ticketAlgorithm = 'EdDSA';
export const ticketIssuer = 'warmterm-manager';

/** Seconds: long enough to open a socket over a slow connection, too short to be worth stealing. */
export const ticketSeconds = 60;

export const roles = ['owner', 'editor', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** The verified content of a ticket. */
export const ticketSchema = z.object({
  iss: z.literal(ticketIssuer),
  /** UID of the pod that it opens. */
  aud: z.string().min(1),
  /** The claimant: the visitor's keyed hash, for a run with a dot and the run's id (claimant.ts). */
  sub: z.string().min(1),
  /** Makes each ticket valid for one connection. */
  jti: z.string().min(1),
  /** The claim that it belongs to. */
  claim: z.string().min(1),
  role: z.enum(roles),
  /** Seconds since 1970. */
  iat: z.number(),
  exp: z.number(),
});

export type Ticket = z.infer<typeof ticketSchema>;
