// Temporary states of a pool: a roll-out, requested replicas, upcoming windows. Each is reported once. Pure: the caller passes the
// reported state to the next call.

import { formatDuration } from '../../common/duration.ts';
import { podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';
import { describeSize, describeTime, fitsNow } from '../workshops/fit.ts';

/** The states reported so far: the target revision of a roll-out, the replicas kept beyond the need, and the windows that fit. */
export type Progress = { revision?: string; kept?: number; fitting?: string[] };

export type Step = { reason: 'RolloutStarted' | 'RolloutFinished' | 'ReplicasKept' | 'PrewarmFits'; message: string };

// One manager may scale up for visitors who wait at it. The other managers see the reason when these visitors have claimed.
const misunderstandingMs = 5_000;

/** The states that began or ended after `former`. */
export function followProgress(snapshot: PoolSnapshot, former: Progress): { progress: Progress; steps: Step[] } {
  const rollout = followRollout(snapshot, former.revision);
  const kept = followRequested(snapshot, former.kept);
  const windows = followWindows(snapshot.pool, former.fitting);
  return {
    progress: {
      ...(rollout.revision !== undefined && { revision: rollout.revision }),
      ...(kept.replicas !== undefined && { kept: kept.replicas }),
      ...(windows.fitting.length > 0 && { fitting: windows.fitting }),
    },
    steps: [...rollout.steps, ...kept.steps, ...windows.steps],
  };
}

function followRollout(
  { pool, rollout }: PoolSnapshot,
  former: string | undefined,
): { revision?: string; steps: Step[] } {
  const revision = pool.spec?.revision;
  // Until the controller has observed the template, the revision of new pods is unknown.
  if (revision === undefined) return { ...(former !== undefined && { revision: former }), steps: [] };
  const { outdated, outdatedUnready, atOnce } = rollout;
  const free = outdated.length + outdatedUnready.length;
  const inUse = [...pool.pods()].filter((pod) => podState(pod) === 'in-use' && pod.revision !== revision).length;
  const rest = `In use: ${inUse}; each is replaced when its session ends.`;
  if (free === 0) {
    const message = `All unused terminals have the changed template. ${rest}`;
    return { steps: former === undefined ? [] : [{ reason: 'RolloutFinished', message }] };
  }
  if (former === revision) return { revision, steps: [] };
  const message = `The template has changed. Unused terminals are replaced, at most ${atOnce} at a time: ${free}. ${rest}`;
  return { revision, steps: [{ reason: 'RolloutStarted', message }] };
}

function followRequested(
  { pool, requested }: PoolSnapshot,
  former: number | undefined,
): { replicas?: number; steps: Step[] } {
  const { scaleDownDelay } = pool.settings;
  if (!requested || pool.now < requested.since + misunderstandingMs) return { steps: [] };
  const { replicas } = requested;
  if (former === replicas) return { replicas, steps: [] };
  const message = `An administrator requested ${replicas} replicas, more than are needed. They are kept until no visitor has come for ${formatDuration(scaleDownDelay)} (scale-down-delay).`;
  return { replicas, steps: [{ reason: 'ReplicasKept', message }] };
}

function followWindows(pool: PoolFacts, former: string[] = []): { fitting: string[]; steps: Step[] } {
  const fits = fitsNow(pool).filter(({ fits }) => fits === 'yes');
  const told = fits.map((fit) => `${describeTime(fit)} (${describeSize(fit)})`);
  const news = told.filter((text) => !former.includes(text));
  const message = `As far as the manager can see, the cluster has room for the ${news.length === 1 ? 'window' : 'windows'} ${news.join(', ')}. It cannot see what other namespaces use.`;
  return { fitting: told, steps: news.length === 0 ? [] : [{ reason: 'PrewarmFits', message }] };
}
