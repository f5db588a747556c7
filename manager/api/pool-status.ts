// A pool as its host sees it: counts, settings, and every terminal with what is known of its visitor. Pure.

import { runOf } from '../../common/claimant.ts';
import type { PodStatus, PoolStatus, Promised, Terminal, TerminalList, Waiting } from '../../common/manager-api.ts';
import { noticesOf } from '../events/notices.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { podStateAt, reasonOfMissing, reasonOfState } from '../plan/broken.ts';
import { countPods, spareBySetting } from '../plan/plan.ts';
import { estimate } from '../queue/estimate.ts';
import { tell } from '../queue/promise.ts';
import { describeWindows } from './window-status.ts';

/** What a terminal last said of itself. Times are milliseconds since 1970. */
export type LastReport = { at: number; connections: number; lastInputAt: number | undefined };

const iso = (ms: number): string => new Date(ms).toISOString();

/** When the pod's session is over at the latest; undefined while it is unclaimed. Milliseconds since 1970. */
export const expiryOf = (pod: ObservedPod, pool: Pool): number | undefined =>
  pod.claim && pod.claim.claimedAt + pool.settings.maxLifetime;

/** A claimed pod as its visitor sees it; undefined while its address is not known. */
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

/** All terminals of a visitor, those that were claimed first at the beginning. */
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

export type QueuePosition = {
  pool: Pool;
  place: number;
  waiting: number;
  /** Visitors before this one whose claims are being written. They are not in the queue any more; their pods still look ready. */
  claiming: number;
};

/** A position in the queue, and when to expect a terminal there. `promised`: as the visitor's last answer had it. */
export function describeWaiting(
  { pool, place, waiting, claiming }: QueuePosition,
  now: number,
  promised?: Promised,
): Waiting {
  const position = place + claiming;
  const { range, latestMs, cause, promised: next } = tell(estimate(pool, position, now), position, now, promised);
  return {
    status: 'waiting',
    pool: pool.name,
    place,
    waiting,
    ...(range && { earliestSeconds: Math.floor(range.from / 1_000), expectedSeconds: seconds(range.to) }),
    ...(latestMs !== undefined && { latestSeconds: seconds(latestMs) }),
    ...(cause && { cause }),
    promised: next,
  };
}

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

export function describePool(
  pool: Pool,
  now: number,
  waiting: number,
  reports: ReadonlyMap<string, LastReport>,
): PoolStatus {
  const {
    spare,
    min,
    max,
    idleTimeout,
    maxLifetime,
    connectTimeout,
    scaleDownDelay,
    startTimeout,
    silenceTimeout,
    runGrace,
    runLinger,
    maxWaiting,
    maxWaitingPerAddress,
  } = pool.settings;
  const { maxPerVisitor, maxPerAddress, claimsPerMinute, challengeFrom } = pool.settings;
  const notices = noticesOf(pool, now).filter(({ reason }) => reason !== 'InvalidSettings');
  const counts = countPods(pool, now);
  return {
    name: pool.name,
    replicas: pool.replicas,
    ready: counts.ready,
    inUse: counts.inUse,
    recreating: counts.recreating,
    broken: counts.broken,
    unreachable: counts.unreachable,
    spare: spareBySetting(pool, now, counts),
    waiting,
    windows: describeWindows(pool, now, counts.ready),
    settings: {
      spare,
      min,
      max,
      idleTimeoutMs: idleTimeout,
      maxLifetimeMs: maxLifetime,
      connectTimeoutMs: connectTimeout,
      scaleDownDelayMs: scaleDownDelay,
      startTimeoutMs: startTimeout,
      silenceTimeoutMs: silenceTimeout,
      runGraceMs: runGrace,
      runLingerMs: runLinger,
      maxPerVisitor,
      maxPerAddress,
      claimsPerMinute,
      challengeFrom,
      maxWaiting,
      maxWaitingPerAddress,
    },
    problems: [...pool.problems, ...notices.map(({ message }) => message)],
    pods: [
      ...[...pool.pods()].map((pod) => describePod(pod, pool, now, reports.get(pod.uid))),
      ...describeMissing(pool, now),
    ].sort((a, b) => a.ordinal - b.ordinal),
  };
}

function describePod(pod: ObservedPod, pool: Pool, now: number, report: LastReport | undefined): PodStatus {
  const { claim } = pod;
  const state = podStateAt(pod, pool, now);
  const expiresAt = expiryOf(pod, pool);
  return {
    name: pod.name,
    ordinal: pod.ordinal,
    // A webserver of an earlier release does not know the word.
    state: state === 'unreachable' ? 'recreating' : state,
    ...((state === 'broken' || state === 'unreachable') && { reason: reasonOfState(pod, pool) }),
    ...(claim && { claimedAt: iso(claim.claimedAt) }),
    ...(claim?.connectedAt !== undefined && { connectedAt: iso(claim.connectedAt) }),
    ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
    ...(report && { connections: report.connections }),
    ...(report?.lastInputAt !== undefined && { lastInputAt: iso(report.lastInputAt) }),
  };
}

/** Ordinals whose pod should have been created long ago. */
function describeMissing(pool: Pool, now: number): PodStatus[] {
  return pool.missing.missing(now, pool.settings.startTimeout).flatMap((ordinal): PodStatus[] => {
    const name = `${pool.spec?.statefulSet}-${ordinal}`;
    const isMissing = ordinal < pool.replicas && pool.pod(ordinal) === undefined;
    return isMissing ? [{ name, ordinal, state: 'broken', reason: reasonOfMissing(pool) }] : [];
  });
}
