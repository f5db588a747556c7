// The host page's view of a pool: counts, settings, and every terminal with the known facts about its visitor. Pure.

import type { PodStatus, PoolStatus } from '../../common/manager-api.ts';
import { noticesOf } from '../events/notices.ts';
import type { LastReport } from '../health/terminals.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import { podStateAt, reasonOfMissing, reasonOfState } from '../plan/broken.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';
import { describeWindows } from './describe-windows.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

export function describePool(snapshot: PoolSnapshot, reports: ReadonlyMap<string, LastReport>): PoolStatus {
  const { pool, waiting, counts } = snapshot;
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
  const notices = noticesOf(snapshot).filter(({ reason }) => reason !== 'InvalidSettings');
  return {
    name: pool.name,
    replicas: pool.replicas,
    ready: counts.ready,
    inUse: counts.inUse,
    recreating: counts.recreating,
    broken: counts.broken,
    unreachable: counts.unreachable,
    spare: snapshot.spare,
    waiting,
    windows: describeWindows(snapshot),
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
      ...[...pool.pods()].map((pod) => describePod(pod, pool, reports.get(pod.uid))),
      ...describeMissing(pool),
    ].sort((a, b) => a.ordinal - b.ordinal),
  };
}

function describePod(pod: ObservedPod, pool: PoolFacts, report: LastReport | undefined): PodStatus {
  const { claim } = pod;
  const state = podStateAt(pod, pool);
  const expiresAt = pool.expiryOf(pod);
  return {
    name: pod.name,
    ordinal: pod.ordinal,
    // A webserver of an earlier release does not know the state `unreachable`.
    state: state === 'unreachable' ? 'recreating' : state,
    ...((state === 'broken' || state === 'unreachable') && { reason: reasonOfState(pod, pool) }),
    ...(claim && { claimedAt: iso(claim.claimedAt) }),
    ...(claim?.connectedAt !== undefined && { connectedAt: iso(claim.connectedAt) }),
    ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
    ...(report && { connections: report.connections }),
    ...(report?.lastInputAt !== undefined && { lastInputAt: iso(report.lastInputAt) }),
  };
}

/** Ordinals whose pod is overdue. */
function describeMissing(pool: PoolFacts): PodStatus[] {
  return pool.missing.missing(pool.now, pool.settings.startTimeout).flatMap((ordinal): PodStatus[] => {
    const name = `${pool.spec?.statefulSet}-${ordinal}`;
    const isMissing = ordinal < pool.replicas && pool.pod(ordinal) === undefined;
    return isMissing ? [{ name, ordinal, state: 'broken', reason: reasonOfMissing(pool) }] : [];
  });
}
