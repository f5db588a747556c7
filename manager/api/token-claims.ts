// The claims in a service account's token, before its signature is checked. They prove nothing. They serve to reject a token that
// cannot pass a review, and to choose the budget for its review. Pure.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims

import * as z from 'zod';
import { managerAudience } from '../../common/names.ts';
import type { PodRef } from '../kubernetes/port.ts';

export type TokenClaims = {
  issuer: string;
  /** The service account's name, in the manager's own namespace. */
  serviceAccount: string;
  pod: PodRef | undefined;
};

// The API server's clock is authoritative. The manager's may differ from it by this much.
const clockSkewMs = 60_000;

const payloadSchema = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  'kubernetes.io': z.object({ pod: z.object({ name: z.string(), uid: z.string() }).optional() }).optional(),
});

/** The claims of a token that the API server might accept for this service. Undefined for any other token. */
export function readClaims(token: string, namespace: string, now: number): TokenClaims | undefined {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || signature === '' || decode(head) === undefined) return undefined;
  const { data } = payloadSchema.safeParse(decode(body));
  if (!data) return undefined;
  const { iss, sub, aud, exp } = data;
  const prefix = `system:serviceaccount:${namespace}:`;
  if (!sub.startsWith(prefix) || ![aud].flat().includes(managerAudience)) return undefined;
  if (exp * 1_000 + clockSkewMs <= now) return undefined;
  return { issuer: iss, serviceAccount: sub.slice(prefix.length), pod: data['kubernetes.io']?.pod };
}

/** The issuer of any token of this cluster. Undefined if it is no JWT. */
export function readIssuer(token: string): string | undefined {
  const { data } = payloadSchema.pick({ iss: true }).safeParse(decode(token.split('.')[1] ?? ''));
  return data?.iss;
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
