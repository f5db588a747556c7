// What an administrator should know of a pool: told once as a Kubernetes Event, and on the host page for as long as it holds.

import { describeSize, describeTime, fitsNow } from './fit.ts';
import type { ObservedPod } from './observation.ts';
import type { Pool } from './pool.ts';
import { hasStopped, lookAtRollout, rolloutDeadlineMs } from './rollout.ts';

export type Notice = {
  /** The reason of the Event. */
  reason:
    | 'InvalidSettings'
    | 'ReplicasPutBack'
    | 'SessionsEnded'
    | 'RolloutStopped'
    | 'BrokenTerminals'
    | 'PrewarmDoesNotFit'
    | 'PrewarmMayNotFit';
  message: string;
  /** What tells it from another of the same reason. */
  about: string;
};

export function noticesOf(pool: Pool, now: number): Notice[] {
  return [...aboutSettings(pool), ...aboutWindows(pool, now), ...aboutScaling(pool), ...aboutRollout(pool, now)];
}

function aboutSettings({ problems }: Pool): Notice[] {
  if (problems.length === 0) return [];
  const told = problems.join('; ');
  return [{ reason: 'InvalidSettings', message: `${told}. The former values stay in force.`, about: told }];
}

/** Windows that do not fit, or of which that cannot be known. */
function aboutWindows(pool: Pool, now: number): Notice[] {
  const told = { no: ['PrewarmDoesNotFit', 'does not fit'], unknown: ['PrewarmMayNotFit', 'may not fit'] } as const;
  return fitsNow(pool, now).flatMap((fit): Notice[] => {
    if (fit.fits === 'yes') return [];
    const [reason, what] = told[fit.fits];
    const message = `The window ${describeTime(fit)} ${what}. It takes ${describeSize(fit)} at once: ${fit.why.join('; ')}.`;
    return [{ reason, message, about: `${fit.window} ${fit.from}` }];
  });
}

/** Somebody has scaled the pool below terminals that are in use. */
function aboutScaling({ cut }: Pool): Notice[] {
  if (!cut?.outlived) return [];
  const { replicas, version, pods, outlived } = cut;
  const kept = new Set(outlived.map(({ uid }) => uid));
  const ended = pods.filter(({ uid }) => !kept.has(uid));
  const notices: [Notice['reason'], readonly ObservedPod[], string][] = [
    ['ReplicasPutBack', outlived, 'in use, so the replicas are put back.'],
    ['SessionsEnded', ended, 'in use until the StatefulSet controller deleted what was above.'],
  ];
  const instead = 'To shrink without ending a session, annotate the pool with warmterm.dev/max.';
  return notices
    .filter(([, about]) => about.length > 0)
    .map(([reason, about, what]) => {
      const verb = reason === 'SessionsEnded' ? ['was', 'were'] : ['is', 'are'];
      const message = `Scaled to ${replicas}: ${names(about)} ${verb[about.length === 1 ? 0 : 1]} ${what} ${instead}`;
      return { reason, message, about: String(version) };
    });
}

function aboutRollout(pool: Pool, now: number): Notice[] {
  const rollout = lookAtRollout(pool, now);
  if (!hasStopped(rollout)) return [];
  const { stuck, outdated } = rollout;
  const message =
    `The roll-out of the changed template has stopped: ${names(stuck)} ${stuck.length === 1 ? 'is' : 'are'} not ready after ${rolloutDeadlineMs / 1_000} s. ` +
    `Ready and of the former template: ${outdated.length}, which go on serving. It goes on when the template is mended.`;
  return [{ reason: 'RolloutStopped', message, about: pool.spec?.revision ?? '' }];
}

/** `a`, `a and b`, `a, b and 3 more` */
function names(pods: readonly ObservedPod[]): string {
  const [first, second, ...more] = pods.map(({ name }) => name).toSorted();
  return more.length > 0
    ? `${first}, ${second} and ${more.length} more`
    : [first, second].filter(Boolean).join(' and ');
}
