// Who is calling: the bearer token, reviewed by the API server. Answers are kept for a short time, so that neither a
// claim nor a flood of forged tokens costs a request each.

import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { ServiceError } from '../../common/errors.ts';
import type { Cluster, Identity, PodRef } from '../cluster/port.ts';

export type Authenticator = {
  /** Lets through the service accounts that may claim for visitors; everybody else is `forbidden`. */
  forServices: RequestHandler;
  /** Lets through a token that is bound to a pod, and says which by `callingPod`. */
  forPods: RequestHandler;
};

const keepMs = { valid: 30_000, invalid: 5_000 };
// A token that is in use is reviewed again ahead of that, while its former answer still holds: no claim waits for it.
const renewAfterMs = 20_000;
const keepAtMost = 10_000;
const never = Number.POSITIVE_INFINITY;

type Kept = { until: number; renewAt: number; identity: Promise<Identity | undefined> };

const callers = new WeakMap<Request, PodRef>();

/** The pod that sent a request which `forPods` let through. */
export function callingPod(request: Request): PodRef {
  const pod = callers.get(request);
  if (!pod) throw new ServiceError('forbidden', 'Only a terminal may ask this, and only for itself.');
  return pod;
}

export function createAuthenticator(options: {
  cluster: Pick<Cluster, 'reviewToken'>;
  clients: string[];
  clock: () => number;
}): Authenticator {
  const { cluster, clients, clock } = options;
  const kept = new Map<string, Kept>();

  function review(token: string): Promise<Identity | undefined> {
    // The hash, so that no token lies about in memory longer than its request.
    const key = createHash('sha256').update(token).digest('base64');
    const known = kept.get(key);
    if (known && clock() < known.until) {
      if (clock() >= known.renewAt) renew(known, token);
      return known.identity;
    }
    kept.delete(key);
    const entry = { until: never, renewAt: never, identity: cluster.reviewToken(token) };
    kept.set(key, entry);
    if (kept.size > keepAtMost) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    entry.identity.then(
      (identity) => date(entry, identity),
      () => kept.delete(key),
    );
    return entry.identity;
  }

  function renew(entry: Kept, token: string): void {
    entry.renewAt = never;
    cluster.reviewToken(token).then(
      (identity) => {
        entry.identity = Promise.resolve(identity);
        date(entry, identity);
      },
      // No answer: the former one holds for as long as it would have.
      () => {},
    );
  }

  function date(entry: Kept, identity: Identity | undefined): void {
    entry.until = clock() + (identity ? keepMs.valid : keepMs.invalid);
    entry.renewAt = identity ? clock() + renewAfterMs : never;
  }

  async function identify(request: Request): Promise<Identity> {
    const [, token] = /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(request.get('authorization') ?? '') ?? [];
    if (token === undefined) throw new ServiceError('unauthenticated', 'A bearer token is needed.');
    const identity = await review(token);
    if (!identity) throw new ServiceError('unauthenticated', 'The token is not valid for this service.');
    return identity;
  }

  const isService = ({ serviceAccount }: Identity) => clients.includes(serviceAccount);
  return {
    async forServices(request, _response, next) {
      if (!isService(await identify(request))) throw new ServiceError('forbidden', 'This is not for you to ask.');
      next();
    },
    async forPods(request, _response, next) {
      // A webserver's token is bound to its pod too; that this pod is no terminal is found where terminals are.
      const { pod } = await identify(request);
      if (pod) callers.set(request, pod);
      callingPod(request);
      next();
    },
  };
}
