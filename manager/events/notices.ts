// Notices about a pool for its administrator: each is written once as a Kubernetes Event, and shown on the host page while it applies.

import { labels } from '../../common/names.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import { describeBroken, describeBrokenOnce, failedOfTemplate, growthStop } from '../plan/broken.ts';
import { hasStopped, type Rollout, rolloutDeadlineMs } from '../plan/rollout.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';
import { describeSize, describeTime, fitsNow } from '../workshops/fit.ts';

export type Notice = {
  /** The reason of the Event. */
  reason:
    | 'InvalidSettings'
    | 'ReplicasPutBack'
    | 'SessionsEnded'
    | 'RolloutStopped'
    | 'BrokenTerminals'
    | 'ScaleUpStopped'
    | 'NotExposed'
    | 'MaxAboveNodePorts'
    | 'NameTooLong'
    | 'SecondStatefulSet'
    | 'PersistentDisks'
    | 'UpdateStrategy'
    | 'PrewarmDoesNotFit'
    | 'PrewarmMayNotFit';
  message: string;
  /** Distinguishes notices with the same reason. */
  about: string;
};

/** The notices that apply to the pool now. */
export function noticesOf({ pool, rollout }: PoolSnapshot): Notice[] {
  return [
    ...aboutStatefulSets(pool),
    ...aboutSpec(pool),
    ...aboutSettings(pool),
    ...aboutWindows(pool),
    ...aboutScaling(pool),
    ...aboutRollout(pool, rollout),
    ...aboutName(pool),
    ...aboutTemplate(pool),
    ...aboutExposure(pool),
    ...aboutPorts(pool),
  ];
}

/** Other StatefulSets with the pool's label. */
function aboutStatefulSets({ name, spec, others }: PoolFacts): Notice[] {
  if (!spec || others.length === 0) return [];
  const second = others.map(({ statefulSet }) => statefulSet).join(', ');
  const message =
    `The StatefulSets ${spec.statefulSet} and ${second} have the same label ${labels.pool}=${name}. The oldest, ${spec.statefulSet}, is the pool; ` +
    `pods of ${second} are not handed out. Delete ${second}, or give it and its pods another ${labels.pool}.`;
  return [{ reason: 'SecondStatefulSet', message, about: second }];
}

/** Fields of the StatefulSet's spec that a pool must not have. */
function aboutSpec({ spec }: PoolFacts): Notice[] {
  const notices: Notice[] = [];
  if (spec?.claimTemplates) {
    const message =
      `The StatefulSet ${spec.statefulSet} has volumeClaimTemplates (${spec.claimTemplates.join(', ')}). Their volumes outlive the pods under any persistentVolumeClaimRetentionPolicy: ` +
      'the next visitor would see the files of the former one. No terminal of the pool is handed out. ' +
      'Create the StatefulSet again with an ephemeral volume (ephemeral.volumeClaimTemplate in the pod template), which is deleted with its pod.';
    notices.push({ reason: 'PersistentDisks', message, about: spec.uid });
  }
  if (spec?.updateStrategy) {
    const message =
      `The StatefulSet ${spec.statefulSet} has the updateStrategy ${spec.updateStrategy}: when its template changes, Kubernetes deletes terminals in use` +
      `${spec.updateStrategy.includes('partition') ? ', and creates those below the partition from the former template' : ''}. Set spec.updateStrategy.type to OnDelete.`;
    notices.push({ reason: 'UpdateStrategy', message, about: spec.updateStrategy });
  }
  return notices;
}

function aboutSettings({ problems }: PoolFacts): Notice[] {
  if (problems.length === 0) return [];
  const told = problems.join('; ');
  return [{ reason: 'InvalidSettings', message: `${told}. The last valid values apply.`, about: told }];
}

/** Windows that do not fit, or may not fit. */
function aboutWindows(pool: PoolFacts): Notice[] {
  const told = { no: ['PrewarmDoesNotFit', 'does not fit'], unknown: ['PrewarmMayNotFit', 'may not fit'] } as const;
  return fitsNow(pool).flatMap((fit): Notice[] => {
    if (fit.fits === 'yes') return [];
    const [reason, what] = told[fit.fits];
    const message = `The window ${describeTime(fit)} ${what}. It takes ${describeSize(fit)} at once: ${fit.why.join('; ')}.`;
    return [{ reason, message, about: `${fit.window} ${fit.from}` }];
  });
}

/** An administrator scaled the pool below terminals in use. */
function aboutScaling({ forcedScaleDown }: PoolFacts): Notice[] {
  if (!forcedScaleDown?.survived) return [];
  const { replicas, version, pods, survived } = forcedScaleDown;
  const kept = new Set(survived.map(({ uid }) => uid));
  const ended = pods.filter(({ uid }) => !kept.has(uid));
  const notices: [Notice['reason'], readonly ObservedPod[], string][] = [
    ['ReplicasPutBack', survived, 'in use, so the manager scales the pool up again.'],
    ['SessionsEnded', ended, 'in use, and deleted by the StatefulSet controller.'],
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

function aboutRollout(pool: PoolFacts, rollout: Rollout): Notice[] {
  const former = rollout.outdated.length + rollout.outdatedUnready.length;
  if (rollout.inVain && former > 0) {
    const message =
      `The roll-out of the changed template has stopped: replaced terminals came back with the former template. ${former} terminals still have it, and continue to serve. ` +
      'Look for a partition in spec.updateStrategy. The roll-out continues when the template or the updateStrategy is changed.';
    return [{ reason: 'RolloutStopped', message, about: `${pool.spec?.revision} in vain` }];
  }
  if (!hasStopped(rollout)) return [];
  const { stuck, outdated } = rollout;
  const message =
    `The roll-out of the changed template has stopped: ${names(stuck)} ${stuck.length === 1 ? 'is' : 'are'} not ready after ${rolloutDeadlineMs / 1_000} s. ` +
    `Ready terminals that still serve with the former template: ${outdated.length}. The roll-out continues when the template is repaired.`;
  return [{ reason: 'RolloutStopped', message, about: pool.spec?.revision ?? '' }];
}

// The label controller-revision-hash appends a dash and up to ten digits, and is limited to 63 characters.
const longestName = 52;

/** https://github.com/kubernetes/kubernetes/issues/64023 */
function aboutName({ spec }: PoolFacts): Notice[] {
  const length = spec?.statefulSet.length ?? 0;
  if (length <= longestName) return [];
  const message =
    `The name of the StatefulSet has ${length} characters. Kubernetes cannot create pods for a name of more than ${longestName}: ` +
    'their label controller-revision-hash would be too long. Create the pool again with a shorter name.';
  return [{ reason: 'NameTooLong', message, about: '' }];
}

/** The current template creates pods that never become Ready. */
function aboutTemplate(pool: PoolFacts): Notice[] {
  if (growthStop(pool, 0) !== 'broken-template') return [];
  const failed = failedOfTemplate(pool);
  const isFirstAttempt = failed.every(
    ({ ordinal }) => pool.starts.failures(ordinal, pool.spec?.revision) === 0 && !pool.pod(ordinal)?.terminating,
  );
  // At the first attempt, wait for a reason.
  if (isFirstAttempt && !describeBrokenOnce(pool)) return [];
  const why = describeBroken(pool) ?? 'They have just been created again';
  const message =
    `${failed.length} terminals of the current template have failed, and none has become ready since: no more are created. ${why}. ` +
    'They are retried with growing pauses. Repair the template or its image.';
  return [{ reason: 'ScaleUpStopped', message, about: pool.spec?.revision ?? '' }];
}

/** Services or routes that the API server refuses to create. */
function aboutExposure(pool: PoolFacts): Notice[] {
  const byCause = new Map<string, number[]>();
  for (const { kind, ordinal, message } of pool.exposureFailures.lasting(pool.replicas)) {
    // A message names its object. Report only the first of several with the same cause.
    const cause = `${kind} ${message.replaceAll(nameOf(pool, ordinal), '')}`;
    byCause.set(cause, [...(byCause.get(cause) ?? []), ordinal]);
  }
  if (byCause.size === 0) return [];
  const told = [...byCause.values()].map((ordinals) => {
    const { kind, message } = pool.exposureFailures.of(ordinals[0]!)!;
    const [first, second, ...more] = ordinals.map((ordinal) => nameOf(pool, ordinal));
    return `no ${kind} can be created for ${joined(first!, second, more.length)}: ${message}`;
  });
  const message = `Terminals cannot be reached and do not count as ready: ${told.join('; ')}`;
  return [{ reason: 'NotExposed', message, about: '' }];
}

function aboutPorts({ portShortage }: PoolFacts): Notice[] {
  if (!portShortage) return [];
  const { max, ports, limit } = portShortage;
  const message =
    `The pools may grow to ${max} terminals (the sum of max), but there are node ports for only ${ports} (${limit}). ` +
    'Terminals beyond that cannot be reached: lower warmterm.dev/max, or use exposure: ingress.';
  return [{ reason: 'MaxAboveNodePorts', message, about: `${max} ${ports}` }];
}

const nameOf = ({ spec }: PoolFacts, ordinal: number): string => `${spec?.statefulSet}-${ordinal}`;

/** `a`, `a and b`, `a, b and 3 more` */
function names(pods: readonly ObservedPod[]): string {
  const [first, second, ...more] = pods.map(({ name }) => name).toSorted();
  return joined(first, second, more.length);
}

const joined = (first: string | undefined, second: string | undefined, more: number): string =>
  more > 0 ? `${first}, ${second} and ${more} more` : [first, second].filter(Boolean).join(' and ');
