// The visitor's view of a terminal. Pure.

import { runOf } from '../../common/claimant.ts';
import type { Terminal, TerminalList } from '../../common/manager-api.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { Pools } from '../model/pools.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** The visitor's view of a claimed pod. Undefined while its address is unknown. */
export function describeTerminal(pod: ObservedPod, pools: Pools): Terminal | undefined {
  const address = pools.address(pod);
  const pool = pools.get(pod.pool);
  if (!address || !pool || !pod.claim) return undefined;
  return {
    name: pod.name,
    uid: pod.uid,
    pool: pod.pool,
    address,
    ...(pod.podAddress && { podAddress: pod.podAddress }),
    claimedAt: iso(pod.claim.claimedAt),
    expiresAt: iso(pod.claim.claimedAt + pool.settings.maxLifetime),
    idleTimeoutMs: pool.settings.idleTimeout,
  };
}

/** All terminals of a visitor, ordered by the time of their claims. */
export function describeTerminals(owner: string, pools: Pools): TerminalList {
  const found = [...pools.terminalsOf(owner)].sort((a, b) => a.pod.claim!.claimedAt - b.pod.claim!.claimedAt);
  return {
    terminals: found.map(({ pod, pool }) => {
      const { visitor, claimedAt } = pod.claim!;
      const run = runOf(visitor);
      return {
        ...(run !== undefined && { run }),
        name: pod.name,
        pool: pod.pool,
        claimedAt: iso(claimedAt),
        expiresAt: iso(claimedAt + pool.settings.maxLifetime),
      };
    }),
  };
}
