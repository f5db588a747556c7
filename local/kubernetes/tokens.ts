// Service account tokens: JWTs signed with a key that only this process has, and their reviews.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/

import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

export type Bound = { name: string; uid: string };
/** The pod that has a name now, and its node. */
export type FindPod = (namespace: string, name: string) => { uid: string; node: Bound | undefined } | undefined;
type Claims = {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  sub: string;
  'kubernetes.io': { namespace: string; pod?: Bound; node?: Bound };
};
export type Review = {
  authenticated?: true;
  user: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  audiences?: string[];
  error?: string;
};

/** The audience of tokens for the API server itself. A review without audiences asks for it. */
const apiAudience = 'https://kubernetes.default.svc.cluster.local';
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'HS256' });

export type TokenRequest = {
  namespace: string;
  serviceAccount: string;
  audience: string;
  seconds: number;
  /** The token ends with this pod. */
  pod?: Bound;
};

/** Mints and reviews tokens. Times are milliseconds. */
export function createTokens(findPod: FindPod, now: () => number) {
  const key = randomBytes(32);
  const sign = (text: string) => createHmac('sha256', key).update(text).digest();

  function mint({ namespace, serviceAccount, audience, seconds, pod }: TokenRequest): string {
    const node = pod && findPod(namespace, pod.name)?.node;
    const iat = Math.floor(now() / 1_000);
    // The manager compares the issuer before it asks for a review.
    const claims: Claims = {
      aud: [audience],
      exp: iat + seconds,
      iat,
      iss: apiAudience,
      jti: randomUUID(),
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      'kubernetes.io': { namespace, ...(pod && { pod }), ...(node && { node }) },
    };
    const text = `${header}.${encode(claims)}`;
    return `${text}.${sign(text).toString('base64url')}`;
  }

  function verify(token: string): Claims | undefined {
    const [head, body = '', signature = '', ...rest] = token.split('.');
    if (head !== header || rest.length > 0) return undefined;
    const [given, right] = [Buffer.from(signature, 'base64url'), sign(`${head}.${body}`)];
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
  }

  /** The status of a TokenReview. */
  function review(token: string, audiences: string[] = [apiAudience]): Review {
    const refused: Review = { user: {}, error: 'invalid bearer token' };
    const claims = verify(token);
    const shared = audiences.filter((audience) => claims?.aud.includes(audience));
    if (!claims || shared.length === 0 || claims.exp * 1_000 <= now()) return refused;
    const { namespace, pod, node } = claims['kubernetes.io'];
    if (pod && findPod(namespace, pod.name)?.uid !== pod.uid) return refused;
    const facts = {
      'credential-id': `JTI=${claims.jti}`,
      ...(pod && { 'pod-name': pod.name, 'pod-uid': pod.uid }),
      ...(node && { 'node-name': node.name, 'node-uid': node.uid }),
    };
    const extra = Object.entries(facts).map(([name, value]) => [`authentication.kubernetes.io/${name}`, [value]]);
    return {
      authenticated: true,
      user: {
        username: claims.sub,
        uid: createHash('sha256').update(claims.sub).digest('hex'),
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
        extra: Object.fromEntries(extra),
      },
      audiences: shared,
    };
  }

  return { mint, review };
}

export type Tokens = ReturnType<typeof createTokens>;
