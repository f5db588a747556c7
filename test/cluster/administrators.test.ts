// Administrator actions that need a real cluster: its own StatefulSet controller, and helm upgrades that
// change the terminals.

import test from 'ava';
import { labels } from '../../common/names.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { createVisitor, isClaimed, isReady, type RawPod, revisionOf, until } from '../helpers/system.ts';

let release: Release;

test.before(async () => {
  // No visitor connects to the terminals that are claimed here.
  const settings = { spare: '2', max: '8', connectTimeout: '1h' };
  release = await installRelease(
    Object.fromEntries(Object.entries(settings).map(([name, value]) => [`poolDefaults.${name}`, value])),
  );
});
test.after.always(() => release?.discard());

// Terminals are replaced a few at a time, and each replacement takes as long as its node needs.
const patienceMs = 240_000;
const core = () => `/api/v1/namespaces/${release.namespace}`;
const set = () => `/apis/apps/v1/namespaces/${release.namespace}/statefulsets/default`;
const terminals = async () => {
  const path = `${core()}/pods?labelSelector=${encodeURIComponent(labels.pool)}`;
  return (await release.transport.request<{ items: RawPod[] }>({ method: 'GET', path })).items;
};
const patch = (path: string, body: object) =>
  release.transport.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
const ready = async () => (await terminals()).filter((pod) => isReady(pod) && !isClaimed(pod));

test.serial('inv 5: rollout: a bad image stops it, old terminals serve, and a fixed one continues it', async (t) => {
  await until('the spare', async () => (await ready()).length === 2, patienceMs);
  const visitor = createVisitor(release);
  const mine = await visitor.claim();
  await until('the spare', async () => (await ready()).length === 2, patienceMs);
  const before = await terminals();

  await release.upgrade({ 'poolDefaults.image': 'warmterm-terminal:there-is-none' });
  await until('one of the bad image', async () => (await terminals()).length === before.length + 1, patienceMs);
  const second = createVisitor(release);
  t.is((await second.claim()).status, 'new');
  const now = new Map((await terminals()).map((pod) => [pod.metadata.uid, pod]));
  for (const { metadata } of before) t.true(now.has(metadata.uid) && isReady(now.get(metadata.uid)!), metadata.name);

  await release.upgrade({ 'poolDefaults.tmpSize': '300Mi' });
  await until(
    'terminals of the mended template',
    async () => {
      const free = (await terminals()).filter((pod) => !isClaimed(pod));
      const good = free.filter((pod) => isReady(pod) && revisionOf(pod) !== revisionOf(before[0]!));
      return good.length >= 2 && good.length === free.length;
    },
    patienceMs,
  );
  t.like(await visitor.claim(), { name: mine.name, status: 'reconnected' });
  t.is((await second.claim()).status, 'reconnected');
});

test.serial(
  'inv 5: a retired terminal is recreated when needed, and a pool shrinks without ending sessions',
  async (t) => {
    await patch(`${set()}/scale`, { spec: { replicas: 8 } });
    await until('eight', async () => (await terminals()).filter(isReady).length === 8, patienceMs);
    const used = (await terminals()).filter(isClaimed).map(({ metadata }) => metadata.uid);
    t.is(used.length, 2);
    const [top] = (await ready()).slice(-1);
    const label = { [labels.claimed]: 'retired' };
    await patch(`${core()}/pods/${top!.metadata.name}`, { metadata: { labels: label } });
    await until(
      'a fresh one in its place',
      async () => {
        const pod = (await terminals()).find(({ metadata }) => metadata.name === top!.metadata.name);
        return pod && pod.metadata.uid !== top!.metadata.uid && isReady(pod);
      },
      patienceMs,
    );
    await patch(set(), { metadata: { annotations: { 'warmterm.dev/scale-down-delay': '1s' } } });
    const left = await until(
      'the least that serves',
      async () => {
        const pods = await terminals();
        return pods.length <= 4 && pods.filter(isReady).length === pods.length && pods;
      },
      patienceMs,
    );
    t.deepEqual(
      left.filter(isClaimed).map(({ metadata }) => metadata.uid),
      used,
    );
  },
);
