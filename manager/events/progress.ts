// What goes on in a pool for a while and then is over: a changed template on its way, replicas that somebody asked for, windows
// that are to come. Each is news once. Pure: what was told is handed back in at the next look.

import { formatDuration } from '../../common/duration.ts';
import { podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';
import { describeSize, describeTime, fitsNow } from '../workshops/fit.ts';

/** What is under way: the revision that a roll-out leads to, the replicas that are kept though they are not needed, and the windows that fit. */
export type Progress = { revision?: string; kept?: number; fitting?: string[] };

export type Step = { reason: 'RolloutStarted' | 'RolloutFinished' | 'ReplicasKept' | 'PrewarmFits'; message: string };

// What one manager scales up for visitors that wait at it, the others understand once these have claimed.
const misunderstandingMs = 5_000;

/** What has begun or ended since the look that came to `former`. */
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
  // Until its controller has seen a template nobody knows what is of a former one.
  if (revision === undefined) return { ...(former !== undefined && { revision: former }), steps: [] };
  const { outdated, outdatedUnready, atOnce } = rollout;
  const free = outdated.length + outdatedUnready.length;
  const inUse = [...pool.pods()].filter((pod) => podState(pod) === 'in-use' && pod.revision !== revision).length;
  const rest = `In use: ${inUse}; each is replaced when its session ends.`;
  if (free === 0) {
    const message = `Every terminal that nobody uses is of the changed template. ${rest}`;
    return { steps: former === undefined ? [] : [{ reason: 'RolloutFinished', message }] };
  }
  if (former === revision) return { revision, steps: [] };
  const message = `The template has changed. Terminals that nobody uses are replaced, at most ${atOnce} at a time: ${free}. ${rest}`;
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
  const message = `Somebody has asked for ${replicas} replicas, more than are needed: they are kept until nobody has come for ${formatDuration(scaleDownDelay)} (scale-down-delay).`;
  return { replicas, steps: [{ reason: 'ReplicasKept', message }] };
}

function followWindows(pool: PoolFacts, former: string[] = []): { fitting: string[]; steps: Step[] } {
  const fits = fitsNow(pool).filter(({ fits }) => fits === 'yes');
  const told = fits.map((fit) => `${describeTime(fit)} (${describeSize(fit)})`);
  const news = told.filter((text) => !former.includes(text));
  const message = `As far as can be seen there is room for the ${news.length === 1 ? 'window' : 'windows'} ${news.join(', ')}. Not seen: what other namespaces use.`;
  return { fitting: told, steps: news.length === 0 ? [] : [{ reason: 'PrewarmFits', message }] };
}
