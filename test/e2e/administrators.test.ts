// An administrator changes a pool with kubectl; the tests check the effect on its visitors.

import test, { type ExecutionContext } from 'ava';
import { sharePools } from '../helpers/pool.ts';
import {
  createVisitor,
  isClaimed,
  isReady,
  poolIsReady,
  poolStatus,
  revisionOf,
  type TestSystem,
  until,
} from '../helpers/system.ts';

const newPool = sharePools(test);

const replicasAre = ({ kubernetes }: TestSystem, count: number) =>
  until(`${count} replicas`, async () => (await kubernetes.replicas()) === count);

/** Claims this many terminals; the visitor at index n has the terminal with ordinal n. */
async function seat(t: ExecutionContext, system: TestSystem, count: number) {
  const visitors = [];
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const visitor = createVisitor(system);
    // Other ordinals may be ready first, while the earlier pool's pod of this name ends.
    await until(`default-${ordinal} ready`, async () =>
      (await poolStatus(system)).pods.some((pod) => pod.ordinal === ordinal && pod.state === 'ready'),
    );
    const { name } = await visitor.claim();
    t.is(name, `default-${ordinal}`);
    visitors.push(visitor);
  }
  return visitors;
}

const leave = (visitor: ReturnType<typeof createVisitor>) => visitor.call('DELETE', '/api/terminals/current');

test.serial(
  'inv 5: kubectl scale up holds until scale-down-delay without need; shrinking ends no session',
  async (t) => {
    const system = await newPool({ settings: { spare: '1', max: '8' } });
    await system.kubernetes.scale(5);
    await poolIsReady(system, 5);
    const [first, second, third] = await seat(t, system, 3);
    t.is(await system.kubernetes.replicas(), 5);
    await leave(first!);
    await leave(second!);
    await system.kubernetes.annotate({ 'warmterm.dev/scale-down-delay': '1s' });
    // Two terminals are ready and one is the spare. The third is in use, and a StatefulSet removes the highest ordinals first.
    await replicasAre(system, 3);
    await poolIsReady(system, 2);
    t.is((await third!.claim()).status, 'reconnected');
    await leave(third!);
    await replicasAre(system, 1);
    await poolIsReady(system, 1);
    t.is((await createVisitor(system).claim()).status, 'new');
    const why = await until('an Event', async () => (await system.kubernetes.events()).get('ScaledDown'));
    t.regex(why, /^Scaled down from \d to \d replicas: no more was needed within 1s \(scale-down-delay\)\.$/);
  },
);

test.serial('inv 5: a lower max removes unused terminals at once and keeps the others', async (t) => {
  const system = await newPool({ settings: { spare: '4', max: '8' } });
  await poolIsReady(system, 4);
  const visitors = await seat(t, system, 2);
  await poolIsReady(system, 4);
  await system.kubernetes.annotate({ 'warmterm.dev/max': '1' });
  await replicasAre(system, 2);
  for (const visitor of visitors) t.is((await visitor.claim()).status, 'reconnected');
  await until('the rest gone', async () => (await system.kubernetes.pods()).length === 2);
  await leave(visitors[1]!);
  await replicasAre(system, 1);
  t.is((await visitors[0]!.claim()).status, 'reconnected');
});

test.serial('kubectl scale below the terminals in use: an Event names the sessions that ended', async (t) => {
  const system = await newPool({ settings: { spare: '1', max: '8', connectTimeout: '1h' } });
  await system.kubernetes.scale(4);
  await poolIsReady(system, 4);
  const visitors = await seat(t, system, 3);
  await system.kubernetes.scale(1);
  // The manager restores the replicas, perhaps too late, because the StatefulSet controller does not wait for it.
  const { ended, kept } = await until('the Event', async () => {
    const events = await system.kubernetes.events();
    const [ended = '', kept = ''] = [events.get('SessionsEnded'), events.get('ReplicasPutBack')];
    return /default-1/.test(ended + kept) && /default-2/.test(ended + kept) && { ended, kept };
  });
  for (const told of [ended, kept]) t.regex(told, /^$|^Scaled to 1: default-.* warmterm\.dev\/max\.$/);
  const { problems } = await until('the line on the host page', async () => {
    const status = await poolStatus(system);
    return status.problems.length > 0 && status;
  });
  t.deepEqual(problems.toSorted(), [ended, kept].filter(Boolean).toSorted());
  for (const [ordinal, visitor] of visitors.entries()) {
    const { status } = await until('a terminal', () => visitor.claim().catch(() => undefined));
    t.is(status, ended.includes(`default-${ordinal}`) ? 'new' : 'reconnected', String(ordinal));
  }
});

test.serial('inv 5: a changed template replaces unused terminals, and others after their session', async (t) => {
  const system = await newPool({ settings: { spare: '2', max: '8', connectTimeout: '1h' } });
  await poolIsReady(system, 2);
  const [visitor] = await seat(t, system, 1);
  await poolIsReady(system, 2);
  const used = (await system.kubernetes.pods()).find(isClaimed)!;

  await system.kubernetes.changeTemplate('add', '/metadata/annotations/changed', 'yes');
  const revision = await until('a new revision', async () => {
    const { updateRevision } = (await system.kubernetes.statefulSet()).status;
    return updateRevision !== revisionOf(used) && updateRevision;
  });
  await until('terminals of the new template', async () => {
    const free = (await system.kubernetes.pods()).filter((pod) => !isClaimed(pod));
    const ready = free.filter(isReady);
    if (ready.length < 2) throw new Error(`${ready.length} ready terminals, below the spare`);
    return ready.every((pod) => revisionOf(pod) === revision);
  });
  t.is((await system.kubernetes.pod(used.metadata.name))?.metadata.uid, used.metadata.uid);
  t.is((await visitor!.claim()).status, 'reconnected');
  await leave(visitor!);
  await until('the new template there too', async () => {
    const pod = await system.kubernetes.pod(used.metadata.name);
    return pod && revisionOf(pod) === revision && isReady(pod);
  });
});

test.serial(
  'rollout: a template whose pods never become ready stops it, old terminals serve, a fix continues it',
  async (t) => {
    const system = await newPool({ settings: { spare: '2', max: '8', connectTimeout: '1h' } });
    await poolIsReady(system, 2);
    const former = await system.kubernetes.pods();
    const probe = '/spec/containers/0/readinessProbe/httpGet/path';
    await system.kubernetes.changeTemplate('replace', probe, '/nowhere');
    const bad = await until('one of the bad template', async () =>
      (await system.kubernetes.pods()).find((pod) => revisionOf(pod) !== revisionOf(former[0]!)),
    );
    const visitor = createVisitor(system);
    const { name } = await visitor.claim();
    t.is(name, former[0]!.metadata.name);
    // A kubelet may take a minute to remove a pod that is deleted while it starts.
    await until('those of the bad template running', async () => {
      const others = (await system.kubernetes.pods()).filter((pod) => revisionOf(pod) !== revisionOf(former[0]!));
      return others.every(({ status }) => status.containerStatuses?.[0]?.started);
    });
    for (const { metadata } of former) {
      const now = await system.kubernetes.pod(metadata.name);
      t.is(now?.metadata.uid, metadata.uid);
      t.true(isReady(now!));
    }
    await system.kubernetes.changeTemplate('replace', probe, '/readyz');
    await system.kubernetes.changeTemplate('add', '/metadata/annotations/mended', 'yes');
    await until('terminals of the mended template', async () => {
      const { updateRevision } = (await system.kubernetes.statefulSet()).status;
      const free = (await system.kubernetes.pods()).filter((pod) => !isClaimed(pod) && isReady(pod));
      const isMended = ![...former, bad].some((pod) => revisionOf(pod) === updateRevision);
      return isMended && free.length >= 2 && free.every((pod) => revisionOf(pod) === updateRevision);
    });
    t.is((await visitor.claim()).status, 'reconnected');
  },
);

test.serial('a deleted pool ends its sessions; a recreated one serves', async (t) => {
  const system = await newPool({ settings: { spare: '1', max: '4' } });
  await poolIsReady(system, 1);
  const [visitor] = await seat(t, system, 1);
  const { kind, apiVersion, metadata, spec } = await system.kubernetes.statefulSet();
  await system.kubernetes.deletePool();
  await until('no pods', async () => (await system.kubernetes.pods()).length === 0);
  // 404 if the webserver requests a pool by name, as with the chart.
  const { status } = await visitor!.call('POST', '/api/terminals');
  t.true([404, 503].includes(status), String(status));
  const { name, labels, annotations } = metadata;
  await system.kubernetes.createPool({ kind, apiVersion, metadata: { name, labels, annotations }, spec });
  const again = await until('a terminal', () => visitor!.claim().catch(() => undefined));
  t.is(again.status, 'new');
});
