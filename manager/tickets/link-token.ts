// The content of a link to a terminal: an EdDSA JWT of the manager, in the fragment of a URL. Its audience distinguishes it from tickets.

import type { KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { ServiceError } from '../../common/errors.ts';
import { linkRoles } from '../../common/manager-api.ts';
import { personNameSchema } from '../../common/person-name.ts';
import { ticketAlgorithm, ticketIssuer } from '../../common/ticket.ts';

const linkAudience = 'warmterm-link';

const linkSchema = z.object({
  /** Makes links with the same content differ. */
  jti: z.string().min(1),
  /** The pod, by name and UID, so that the link does not open a later pod of the same name. */
  pod: z.string().min(1),
  uid: z.string().min(1),
  pool: z.string().min(1),
  /** The claim at the time when the link was created. */
  claim: z.string().min(1),
  role: z.enum(linkRoles),
  /** The link is revoked when the pod has a higher epoch. */
  epoch: z.number().int().min(0),
  label: personNameSchema.optional(),
  /** The end of the link, in seconds since 1970. */
  exp: z.number(),
});
export type LinkContent = z.infer<typeof linkSchema>;

export function signLink(
  { jti, exp, ...content }: LinkContent,
  { privateKey, kid, now }: { privateKey: KeyObject; kid: string; now: number },
): Promise<string> {
  return new SignJWT(content)
    .setProtectedHeader({ alg: ticketAlgorithm, kid })
    .setIssuer(ticketIssuer)
    .setAudience(linkAudience)
    .setJti(jti)
    .setIssuedAt(Math.floor(now / 1_000))
    .setExpirationTime(exp)
    .sign(privateKey);
}

/** The content of a link. Throws `link-ended` if it has expired, was altered, or is no link. */
export async function readLink(
  token: string,
  { publicKey, now }: { publicKey: KeyObject; now: number },
): Promise<LinkContent> {
  try {
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: [ticketAlgorithm],
      issuer: ticketIssuer,
      audience: linkAudience,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'jti'],
    });
    return linkSchema.parse(payload);
  } catch (error) {
    throw linkEnded(error);
  }
}

/** One sentence for every cause, so that it reveals nothing about the terminal. */
export const linkEnded = (cause?: unknown): ServiceError =>
  new ServiceError('link-ended', 'This link does not work any more. Ask for a new one.', { cause });
