// What a cluster refuses to a pool: pods, by a LimitRange or by Pod Security, and node ports, by a quota. The pool reports the cause, promises no
// time, goes on serving, and recovers by itself. And pods whose StatefulSet was deleted without them: the next one adopts them.

import test, { type ExecutionContext } from 'ava';
import { labels } from '../../common/names.ts';
import { unless } from '../../manager/kubernetes/transport.ts';
import { installRelease, type Release, whyOlder } from '../helpers/release.ts';
import { skipIf } from '../helpers/skip.ts';
import { claimSoon, createVisitor, isReady, poolIsReady, poolStatus, type RawPod, until } from '../helpers/system.ts';

const withPodSecurity = skipIf(await whyOlder(25, 'Pod Security levels'), test.serial, test.serial.skip);

let release: Release;
test.before(async () => {
  release = await installRelease({
    'poolDefaults.spare': '2',
    'poolDefaults.max': '6',
    'poolDefaults.scaleDownDelay': '1h',
    // No visitor connects to the terminals that are claimed below.
    'poolDefaults.connectTimeout': '30m',
  });
  await poolIsReady(release, 2);
});
test.after.always(() => release?.discard());

const core = () => `/api/v1/namespaces/${release.namespace}`;
const pools = () => `/apis/apps/v1/namespaces/${release.namespace}/statefulsets`;
const get = <T>(path: string) => release.transport.request<T>({ method: 'GET', path });
const create = (path: string, body: object) => release.transport.request({ method: 'POST', path, body });
const remove = (path: string, body?: object) => release.transport.request({ method: 'DELETE', path, body });
const annotate = (settings: Record<string, string>) =>
  release.transport.request({
    method: 'PATCH',
    path: `${pools()}/default`,
    contentType: 'application/merge-patch+json',
    body: {
      metadata: {
        annotations: Object.fromEntries(Object.entries(settings).map(([name, to]) => [`warmterm.dev/${name}`, to])),
      },
    },
  });

type RawService = { metadata: { labels?: Record<string, string> }; spec: { ports: { nodePort?: number }[] } };
const countNodePorts = (services: RawService[]): number =>
  services.flatMap(({ spec }) => spec.ports).filter(({ nodePort }) => nodePort !== undefined).length;

/** Creates an object and removes it after the test. Returns a function that removes it earlier. */
async function createFor(t: ExecutionContext, kind: string, name: string, spec: object): Promise<() => Promise<void>> {
  await create(`${core()}/${kind}`, { metadata: { name }, spec });
  const undo = async () => void (await unless([404], remove(`${core()}/${kind}/${name}`)));
  t.teardown(undo);
  return undo;
}
const eventsOf = async (reason: string) =>
  (await get<{ items: { message: string }[] }>(`${core()}/events?fieldSelector=reason%3D${reason}`)).items.map(
    ({ message }) => message,
  );

test.serial(
  'refused: a LimitRange refuses pods: the cause is reported, no time is promised, the pool recovers',
  async (t) => {
    const undo = await createFor(t, 'limitranges', 'small', {
      limits: [{ type: 'Container', max: { memory: '50Mi' } }],
    });
    // A healthy start may take longer than this timeout.
    await annotate({ spare: '3', 'start-timeout': '10s' });
    const broken = await until('a broken terminal with the cause', async () =>
      (await poolStatus(release)).pods.find(
        ({ state, reason }) => state === 'broken' && /maximum memory/.test(reason ?? ''),
      ),
    );
    t.regex(broken.reason!, /maximum memory usage per Container is 50Mi/);
    t.regex(
      (await until('an Event of it', async () => (await eventsOf('BrokenTerminals'))[0])) ?? '',
      /maximum memory usage per Container is 50Mi/,
    );

    // The two ready terminals are still claimed. The next visitor waits without an estimate.
    const visitors = [createVisitor(release), createVisitor(release)];
    for (const visitor of visitors) await claimSoon(visitor);
    const late = createVisitor(release);
    const answer = await late.ask();
    t.is(answer.status, 'waiting');
    if (answer.status === 'waiting')
      t.like(answer.promised, { by: undefined, latest: undefined, cause: 'starts-fail' });
    await late.call('DELETE', '/api/terminals/place');

    await undo();
    // The StatefulSet controller retries with a growing back-off, but at once when its set changes.
    await annotate({ spare: '2', 'start-timeout': '2m' });
    await until('two ready terminals again', async () => {
      const { ready, broken } = await poolStatus(release);
      return ready >= 2 && broken === 0;
    });
    for (const visitor of visitors) await visitor.call('DELETE', '/api/terminals/current');
  },
);

test.serial(
  'refused: an exhausted quota of node ports: unreachable terminals are not ready, and the cause is reported',
  async (t) => {
    const { items } = await get<{ items: RawService[] }>(`${core()}/services`);
    const used = countNodePorts(items);
    const reachable = countNodePorts(items.filter(({ metadata }) => metadata.labels?.[labels.pool] !== undefined));
    const undo = await createFor(t, 'resourcequotas', 'ports', { hard: { 'services.nodeports': String(used) } });
    await until('the quota in force', async () => {
      const { status } = await get<{ status: { used?: Record<string, string> } }>(`${core()}/resourcequotas/ports`);
      return status.used?.['services.nodeports'] !== undefined;
    });
    await annotate({ spare: '6' });
    const told = await until('the cause on the host page', async () =>
      (await poolStatus(release)).problems.find((problem) => /exceeded quota: ports/.test(problem)),
    );
    t.regex(told, /services\.nodeports/);
    t.regex(
      (await until('an Event of it', async () => (await eventsOf('NotExposed'))[0])) ?? '',
      /exceeded quota: ports/,
    );
    // Kubernetes reports more pods as Ready than a visitor can reach.
    await until('a pod that is Ready and has no node port', async () => {
      const pods = (await get<{ items: RawPod[] }>(`${core()}/pods?labelSelector=warmterm.dev%2Fpool`)).items;
      return pods.filter(isReady).length > reachable;
    });
    t.true((await poolStatus(release)).ready <= reachable);

    await undo();
    await until('six ready terminals, and no problem', async () => {
      const { ready, problems } = await poolStatus(release);
      return ready === 6 && problems.length === 0;
    });
  },
);

withPodSecurity(
  'refused: Pod Security refuses pods: host page and Event name the field, the pool recovers',
  async (t) => {
    const patch = (path: string, body: object) =>
      release.transport.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
    const enforce = (level: string | null) =>
      patch(`/api/v1/namespaces/${release.namespace}`, {
        metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } },
      });
    const setProfile = (seccompProfile: object | null) =>
      patch(`${pools()}/default`, { spec: { template: { spec: { securityContext: { seccompProfile } } } } });
    t.teardown(() => enforce(null));

    // The chart's own pods are restricted. A pod without a seccomp profile is not.
    await enforce('restricted');
    await setProfile(null);
    await annotate({ spare: '7', max: '10', 'start-timeout': '10s' });
    const broken = await until('a broken terminal with the cause', async () =>
      (await poolStatus(release)).pods.find(
        ({ state, reason }) => state === 'broken' && /PodSecurity/.test(reason ?? ''),
      ),
    );
    t.regex(broken.reason!, /violates PodSecurity "restricted:latest".*seccompProfile/);
    const told = await until('an Event of it', async () =>
      (await eventsOf('BrokenTerminals')).find((message) => message.includes('PodSecurity')),
    );
    t.regex(told, /seccompProfile/);

    await setProfile({ type: 'RuntimeDefault' });
    await annotate({ spare: '2', max: '6', 'start-timeout': '2m' });
    await until('two ready terminals, and none broken', async () => {
      const { ready, broken } = await poolStatus(release);
      return ready >= 2 && broken === 0;
    });
  },
);

test.serial('inv 2, 5: a StatefulSet recreated over its orphaned pods keeps their visitors', async (t) => {
  const visitor = createVisitor(release);
  const { name } = await claimSoon(visitor);
  const { metadata, spec } = await get<{ metadata: { labels: object; annotations: object }; spec: object }>(
    `${pools()}/default`,
  );
  const uid = async () => (await get<RawPod>(`${core()}/pods/${name}`)).metadata.uid;
  const before = await uid();
  await remove(`${pools()}/default`, { propagationPolicy: 'Orphan' });
  await until('no StatefulSet', async () => (await get<{ items: object[] }>(pools())).items.length === 0);
  const { labels, annotations } = metadata;
  await create(pools(), { metadata: { name: 'default', labels, annotations }, spec });
  await until('the same terminal', async () => {
    const answer = await visitor.claim().catch(() => undefined);
    return answer?.status === 'reconnected' && answer.name === name;
  });
  t.is(await uid(), before);
});
