// Tokens in the format of service account tokens. Only the API server of the test can verify them.

import { managerAudience } from '../../common/names.ts';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export type Told = {
  namespace?: string;
  serviceAccount?: string;
  pod?: { name: string; uid: string } | undefined;
  issuer?: string;
  audience?: string | string[];
  /** Milliseconds since 1970. */
  expiresAt?: number;
  /** Makes tokens of the same claims differ. */
  signature?: string;
};

/** A JWT with these claims and an invalid signature. */
export function forgeToken(told: Told = {}): string {
  const {
    namespace = 'ns',
    serviceAccount = 'web',
    pod,
    issuer = 'https://cluster.example',
    signature = 'c2ln',
  } = told;
  const { audience = [managerAudience], expiresAt = 4_102_444_800_000 } = told;
  const payload = {
    aud: audience,
    exp: Math.floor(expiresAt / 1_000),
    iss: issuer,
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    'kubernetes.io': { namespace, serviceaccount: { name: serviceAccount, uid: 'an-account' }, ...(pod && { pod }) },
  };
  return `${encode({ alg: 'RS256', kid: 'k' })}.${encode(payload)}.${signature}`;
}
