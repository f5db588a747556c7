// Service account tokens (JWTs signed with a key that only this process has) and what TokenReview says of them.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/

import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

export type Bound = { name: string; uid: string };
/** The pod that has a name now, and the node that it was given to. */
export type FindPod = (namespace: string, name: string) => { uid: string; node: Bound | undefined } | undefined;
type Claims = {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  sub: string;
  'kubernetes.io': { namespace: string; serviceaccount: Bound; pod?: Bound; node?: Bound };
};
export type Review = {
  authenticated?: true;
  user: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  audiences?: string[];
  error?: string;
};

/** The audience of tokens that are meant for the API server itself: the one a review without audiences asks for. */
const apiAudience = 'https://kubernetes.default.svc.cluster.local';
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'HS256' });

export type TokenRequest = {
  namespace: string;
  serviceAccount: string;
  audience: string;
  seconds: number;
  /** The pod whose end is also the token's. */
  pod?: Bound;
};

/** Mints and reviews tokens. Times are milliseconds. */
export function createTokens(findPod: FindPod, now: () => number) {
  const key = randomBytes(32);
  const sign = (text: string) => createHmac('sha256', key).update(text).digest();

  function mint({ namespace, serviceAccount, audience, seconds, pod }: TokenRequest): string {
    const iat = Math.floor(now() / 1_000);
    const node = pod && findPod(namespace, pod.name)?.node;
    const claims: Claims = {
      aud: [audience],
      exp: iat + seconds,
      iat,
      iss: apiAudience,
      jti: randomUUID(),
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: serviceAccount, uid: accountUid(namespace, serviceAccount) },
        ...(pod && { pod }),
        ...(node && { node }),
      },
    };
    const text = `${header}.${encode(claims)}`;
    return `${text}.${sign(text).toString('base64url')}`;
  }

  // There are no ServiceAccount objects; the same account has the same uid all the same.
  function accountUid(namespace: string, name: string): string {
    const hex = sign(`${namespace}/${name}`).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  }

  function verified(token: string): Claims | undefined {
    const [head, body, signature, ...rest] = token.split('.');
    if (head !== header || body === undefined || signature === undefined || rest.length > 0) return undefined;
    const [given, right] = [Buffer.from(signature, 'base64url'), sign(`${head}.${body}`)];
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
  }

  /** The status of a TokenReview. */
  function review(token: string, audiences: string[] | undefined): Review {
    const refuse = (why?: string): Review => ({
      user: {},
      error: why ? `[invalid bearer token, ${why}]` : 'invalid bearer token',
    });
    const claims = verified(token);
    if (!claims) return refuse();
    const wanted = audiences?.length ? audiences : [apiAudience];
    const shared = wanted.filter((audience) => claims.aud.includes(audience));
    if (shared.length === 0) {
      const list = (words: string[]) => `[${words.map((word) => `"${word}"`).join(' ')}]`;
      return refuse(`token audiences ${list(claims.aud)} is invalid for the target audiences ${list(wanted)}`);
    }
    if (claims.exp * 1_000 <= now()) return refuse('Token has expired.');
    const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
    if (pod) {
      const now = findPod(namespace, pod.name);
      if (!now) return refuse('Token has been invalidated');
      if (now.uid !== pod.uid) return refuse(`Pod UID (${now.uid}) does not match claim (${pod.uid})`);
    }
    const bound = (kind: string, to: Bound | undefined): [string, string][] =>
      to
        ? [
            [`${kind}-name`, to.name],
            [`${kind}-uid`, to.uid],
          ]
        : [];
    const facts = [['credential-id', `JTI=${claims.jti}`] as const, ...bound('node', node), ...bound('pod', pod)];
    return {
      authenticated: true,
      user: {
        username: claims.sub,
        uid: serviceaccount.uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
        extra: Object.fromEntries(facts.map(([name, value]) => [`authentication.kubernetes.io/${name}`, [value]])),
      },
      audiences: shared,
    };
  }

  return { mint, review };
}

export type Tokens = ReturnType<typeof createTokens>;
