// The content of a ticket. The manager signs it, the browser carries it and the terminal verifies it. It is an EdDSA JWT (RFC 7519, RFC 8037)
// whose audience is the pod's UID, so no other pod accepts it, not even a later pod of the same name.

import * as z from 'zod';
import { personNameSchema } from './person-name.ts';

export const ticketAlgorithm = 'EdDSA';
export const ticketIssuer = 'warmterm-manager';

/** Seconds: long enough to open a socket over a slow connection, too short to be worth stealing. */
export const ticketSeconds = 60;

/**
 * What a person may do in a terminal. `owner`: everything. `editor`: takes the pen (who may type) without a question. `viewer`: looks on, and
 * may ask the owner for the pen. `host`: a viewer who runs the workshop.
 */
export const roles = ['owner', 'editor', 'viewer', 'host'] as const;
export type Role = (typeof roles)[number];

/** Somebody who is not the owner. */
export const guestSchema = z.object({ id: z.string().regex(/^[\w-]{1,64}$/), name: personNameSchema });
export type Guest = z.infer<typeof guestSchema>;

/** The verified content of a ticket. */
export const ticketSchema = z
  .object({
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
    /** Who comes, unless it is the owner. Several connections with one id are one person. */
    guest: guestSchema.optional(),
    /** Seconds since 1970. */
    iat: z.number(),
    exp: z.number(),
  })
  .refine(({ role, guest }) => (role === 'owner') === (guest === undefined), 'must name the guest, or nobody');

export type Ticket = z.infer<typeof ticketSchema>;
