// Authenticates callers by their bearer token, which the API server reviews. Answers are cached for a short time, so that no claim
// waits for a review. A token that cannot be valid is rejected without one.

import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { Budgets } from '../../common/budgets.ts';
import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Cluster, Identity, PodRef } from '../kubernetes/port.ts';
import { type Asker, ReviewQueue, type ReviewResult } from './review-queue.ts';
import { readClaims, readIssuer, type TokenClaims } from './token-claims.ts';

export type Authenticator = {
  /** Admits the service accounts that may claim for visitors. Others are `forbidden`. */
  forServices: RequestHandler;
  /** Admits a token that is bound to a terminal's pod. `callingPod` returns the pod. */
  forPods: RequestHandler;
};

export type AuthenticatorOptions = {
  cluster: Pick<Cluster, 'reviewToken'>;
  clients: string[];
  namespace: string;
  /** Whether a terminal has that UID. */
  isTerminal: (uid: string) => boolean;
  /** The manager's own token, which names the cluster's issuer. */
  ownToken?: string | undefined;
  /** The wall clock, and a monotonic clock. */
  clock: () => number;
  monotonic: () => number;
  /** Resolves after `ms` milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  log: Logger;
  onReview?: (result: ReviewResult) => void;
};

const freshMs = 30_000;
// A token in use is reviewed again before its cached answer expires, so that no claim waits for it.
const renewAfterMs = 20_000;
const invalidMs = 5_000;
// While the API server does not answer, a valid caller stays valid for this long, so that sessions continue (inv 9). A token that is
// revoked meanwhile works until then at most. The token of a deleted pod works only for that pod.
const keptMs = 5 * 60_000;
// After a review without an answer, callers that were valid do not wait for the next review.
const starvedMs = 10_000;
// Negative answers have their own bound, so that forged tokens evict no valid one. A valid token needs an identity, and these are few,
// so honest callers do not reach their bound.
const maxInvalid = 1_000;
const maxValid = 20_000;
// Rejections beyond this rate are delayed. A flood is then limited by its number of connections, and costs this process very little.
const refusals = { burst: 20, perSecond: 5 };
const lateMs = 1_000;
const warnEveryMs = 60_000;
// A terminal reports every ten seconds, and when browsers come or go.
const podRequests = { burst: 60, perSecond: 10 };

type Caller = Pick<TokenClaims, 'serviceAccount' | 'pod'>;
type Valid = {
  identity: Identity;
  reviewedAt: number;
  starvedUntil: number;
  renewal: Promise<Identity | undefined> | undefined;
};

const callers = new WeakMap<Request, PodRef>();

/** The pod that sent a request which `forPods` admitted. */
export function callingPod(request: Request): PodRef {
  const pod = callers.get(request);
  if (!pod) throw new ServiceError('forbidden', 'Only a terminal may ask this, and only for itself.');
  return pod;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { cluster, clients, namespace, isTerminal, ownToken, clock, monotonic, delay, log, onReview } = options;
  let warnedAt = Number.NEGATIVE_INFINITY;
  const onResult = (result: ReviewResult, { source }: Asker) => {
    onReview?.(result);
    if (result !== 'refused' || monotonic() - warnedAt < warnEveryMs) return;
    warnedAt = monotonic();
    log.warn(source, 'too many unknown tokens: further ones are refused for a while. Does this terminal forge them?');
  };
  const queue = new ReviewQueue({ review: (token) => cluster.reviewToken(token), clock: monotonic, delay, onResult });
  const valid = new Map<string, Valid>();
  /** Until when each token is known to be invalid. */
  const invalid = new Map<string, number>();
  const underWay = new Map<string, Promise<Identity | undefined>>();
  /** Pods with a valid token, and the time of the last review. */
  const knownPods = new Map<string, number>();
  const issuers = new Set<string>();
  const requests = new Budgets(podRequests, { clock: monotonic });
  const refused = new Budgets(refusals, { clock: monotonic });
  const ownIssuer = ownToken === undefined ? undefined : readIssuer(ownToken);
  if (ownIssuer !== undefined) issuers.add(ownIssuer);

  async function review(token: string, claims: TokenClaims, address: string): Promise<Identity | undefined> {
    // Keep only the hash, so that no token stays in memory after its request.
    const key = createHash('sha256').update(token).digest('base64');
    const known = valid.get(key);
    if (known && monotonic() - known.reviewedAt < keptMs) return reuse(key, known, token, claims);
    valid.delete(key);
    if (monotonic() < (invalid.get(key) ?? 0)) return undefined;
    const former = underWay.get(key);
    if (former) return former;
    const asked = ask(key, token, claims, askerOf(claims, address)).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  }

  /** Admits a caller that was valid at once, unless its last request was long ago and the API server answers. */
  async function reuse(key: string, known: Valid, token: string, claims: TokenClaims): Promise<Identity | undefined> {
    const now = monotonic();
    const age = now - known.reviewedAt;
    if (age < renewAfterMs) return known.identity;
    known.renewal ??= renew(key, known, token, claims);
    return age < freshMs || now < known.starvedUntil ? known.identity : known.renewal;
  }

  /** Never rejects: without an answer the cached one stays valid. */
  async function renew(key: string, known: Valid, token: string, claims: TokenClaims): Promise<Identity | undefined> {
    try {
      return await ask(key, token, claims, { rank: 'renewal', source: { address: '' } });
    } catch {
      known.starvedUntil = monotonic() + starvedMs;
      return known.identity;
    } finally {
      known.renewal = undefined;
    }
  }

  async function ask(key: string, token: string, claims: TokenClaims, asker: Asker): Promise<Identity | undefined> {
    const identity = await queue.ask(token, asker);
    const now = monotonic();
    if (identity) {
      issuers.add(claims.issuer);
      if (identity.pod) remember(knownPods, identity.pod.uid, now, maxValid);
      remember(valid, key, { identity, reviewedAt: now, starvedUntil: 0, renewal: undefined }, maxValid);
    } else {
      valid.delete(key);
      remember(invalid, key, now + invalidMs, maxInvalid);
    }
    return identity;
  }

  /** Chooses the budget of a review. A pod's UID cannot be guessed, so a token that names an existing pod has the pod's own budget. */
  function askerOf({ issuer, pod }: TokenClaims, address: string): Asker {
    if (pod && knownPods.has(pod.uid)) return { rank: 'known', source: { pod: pod.uid } };
    if (pod && isTerminal(pod.uid)) return { rank: 'new', source: { pod: pod.uid } };
    // An API server may accept several issuers, but reports only one. Tokens of the others share one budget.
    const foreign = issuers.size > 0 && !issuers.has(issuer);
    return { rank: 'new', source: { address: foreign ? 'another issuer' : address } };
  }

  /** Identifies the sender of the request. `check` is called before and after the review, and throws to reject the caller. */
  async function identify(request: Request, check: (caller: Caller) => void): Promise<Identity> {
    const address = request.socket.remoteAddress ?? '';
    try {
      const identity = await reviewed(request, address, check);
      check(identity);
      return identity;
    } catch (error) {
      if (!refused.take(address)) await delay(lateMs);
      throw error;
    }
  }

  async function reviewed(request: Request, address: string, check: (caller: Caller) => void): Promise<Identity> {
    const [, token] = /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(request.get('authorization') ?? '') ?? [];
    if (token === undefined) throw new ServiceError('unauthenticated', 'A bearer token is needed.');
    const claims = readClaims(token, namespace, clock());
    if (claims) check(claims);
    const identity = claims && (await review(token, claims, address));
    if (!identity) throw new ServiceError('unauthenticated', 'The token is not valid for this service.');
    return identity;
  }

  const requireService = ({ serviceAccount }: Caller) => {
    if (!clients.includes(serviceAccount)) throw new ServiceError('forbidden', 'This is not for you to ask.');
  };
  const requireTerminal = ({ pod }: Caller) => {
    if (!pod || !isTerminal(pod.uid)) throw new ServiceError('forbidden', 'Only a terminal may ask this.');
  };
  return {
    async forServices(request, _response, next) {
      await identify(request, requireService);
      next();
    },
    async forPods(request, _response, next) {
      const pod = (await identify(request, requireTerminal)).pod!;
      if (!requests.take(pod.uid)) {
        throw new ServiceError('too-many-requests', 'This terminal asks too often.', { retryAfter: 1 });
      }
      callers.set(request, pod);
      next();
    },
  };
}

/** Sets the newest entry, and evicts the oldest when there are more than `most`. */
function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) for (const oldest of map.keys()) if (map.delete(oldest)) break;
}
