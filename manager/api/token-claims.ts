// What a service account's token says of itself, before anybody has checked its signature. It refuses what no review could
// accept, and says whose budget a review is charged to; it proves nothing. Pure.
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

// The API server's clock decides. Ours may differ from it by as much.
const clockSkewMs = 60_000;

const payloadSchema = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  'kubernetes.io': z.object({ pod: z.object({ name: z.string(), uid: z.string() }).optional() }).optional(),
});

/** The claims of a token that the API server might accept for this service; undefined for one that it cannot accept. */
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

/** The issuer of any token of this cluster; undefined for what is no JWT. */
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
