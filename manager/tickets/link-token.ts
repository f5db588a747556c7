// What a link to a terminal carries: an EdDSA JWT of the manager, in the fragment of a URL. Its audience keeps it apart from tickets.

import type { KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { ServiceError } from '../../common/errors.ts';
import { linkRoles } from '../../common/manager-api.ts';
import { personNameSchema } from '../../common/person-name.ts';
import { ticketAlgorithm, ticketIssuer } from '../../common/ticket.ts';

const linkAudience = 'warmterm-link';

const linkSchema = z.object({
  /** Makes links of the same content differ. */
  jti: z.string().min(1),
  /** The pod, by name and UID: a later pod of the same name is not meant. */
  pod: z.string().min(1),
  uid: z.string().min(1),
  pool: z.string().min(1),
  /** The claim that was current when the link was made. */
  claim: z.string().min(1),
  role: z.enum(linkRoles),
  /** The link has ended once the pod has a higher epoch. */
  epoch: z.number().int().min(0),
  label: personNameSchema.optional(),
  /** When it ends, in seconds since 1970. */
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

/** What a link says. Throws `link-ended` for one that has expired, was altered, or is something else. */
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

/** One sentence for each cause: a stranger learns nothing about the terminal. */
export const linkEnded = (cause?: unknown): ServiceError =>
  new ServiceError('link-ended', 'This link does not work any more. Ask for a new one.', { cause });
