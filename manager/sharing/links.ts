// Links to a visitor's terminal. A link is not stored: it is signed, and names the pod, the claim and an epoch. Creating and opening a
// link writes nothing. Revoking all links is one write: a higher epoch on the pod.

import { createHash } from 'node:crypto';
import type { Link, LinkRequest, OpenLinkRequest } from '../../common/manager-api.ts';
import { findTerminal, noTerminal } from '../claims/lookup.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { Pools } from '../model/pools.ts';
import type { TicketSigner } from '../tickets/keys.ts';
import { type LinkContent, linkEnded } from '../tickets/link-token.ts';

/** The access of a guest to a terminal. */
export type SharedTerminal = { pod: ObservedPod; ticket: string; role: LinkContent['role'] };

export type Links = {
  /** `visitor`: the claimant of the terminal. `session-not-found` when there is none. */
  create: (visitor: string, request: LinkRequest) => Promise<Link>;
  /** Revokes all links to the terminal. The terminal itself disconnects its guests. */
  revoke: (visitor: string, pool: string | undefined) => Promise<void>;
  /** Throws `link-ended` if the link or the terminal has ended. */
  open: (request: OpenLinkRequest) => Promise<SharedTerminal>;
};

export function createLinks(options: {
  pools: Pools;
  cluster: Pick<Cluster, 'setLinkEpoch'>;
  signer: Pick<TicketSigner, 'sign' | 'signLink' | 'readLink'>;
  clock: () => number;
  newId: () => string;
}): Links {
  const { pools, cluster, signer, clock, newId } = options;

  function terminalOf(visitor: string, pool: string | undefined): ObservedPod {
    const pod = findTerminal(pools, visitor, pool, clock());
    if (!pod) throw noTerminal();
    return pod;
  }

  return {
    create: async (visitor, { pool, role, expiresInMs, label }) => {
      const pod = terminalOf(visitor, pool);
      const now = clock();
      const exp = Math.floor((now + expiresInMs) / 1_000);
      const content = {
        jti: newId(),
        pod: pod.name,
        uid: pod.uid,
        pool: pod.pool,
        claim: pod.claim!.id,
        role,
        epoch: pod.linkEpoch ?? 0,
        exp,
        ...(label !== undefined && { label }),
      };
      return { token: await signer.signLink(content, now), expiresAt: new Date(exp * 1_000).toISOString() };
    },

    revoke: async (visitor, pool) => {
      const pod = terminalOf(visitor, pool);
      const changed = await cluster.setLinkEpoch(pod, (pod.linkEpoch ?? 0) + 1);
      if (!changed) throw noTerminal();
      pools.observe({ kind: 'pod', name: changed.name, object: changed });
    },

    open: async ({ token, name, guest }) => {
      const link = await signer.readLink(token, clock());
      const pod = pools.podByUid(link.uid);
      const claim = pod?.claim;
      if (!pod || !claim || pod.terminating || claim.id !== link.claim) throw linkEnded();
      if (link.epoch < (pod.linkEpoch ?? 0)) throw linkEnded();
      const id = guestId(link.jti, guest);
      const content = { aud: pod.uid, sub: claim.visitor, jti: newId(), claim: claim.id, role: link.role };
      const ticket = await signer.sign({ ...content, guest: { id, name } }, clock());
      return { pod, ticket, role: link.role };
    },
  };
}

// The people at a terminal see each other's ids. A guest's id must not contain the browser's secret.
const guestId = (link: string, secret: string): string =>
  createHash('sha256').update(`${link} ${secret}`).digest('base64url').slice(0, 22);
