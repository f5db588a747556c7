// The chart on the real cluster that KUBECONFIG names: install, test, upgrade with a visitor, and uninstall without
// remains.

import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { ApiError } from '../../manager/kubernetes/api-error.ts';
import type { Transport } from '../../manager/kubernetes/transport.ts';
import { openBrowser, typeText, waitForScreen } from '../helpers/frontend-browser.ts';
import { installRelease, type Release, whyOlder } from '../helpers/release.ts';
import { skipIf } from '../helpers/skip.ts';
import { isClaimed, isReady, type RawPod, until } from '../helpers/system.ts';

// Decide this before any test is declared, because ava accepts no later ones.
const withPolicies = skipIf(await whyOlder(30, 'admission policies'), test.serial, test.serial.skip);

let release: Release;
test.before(async () => {
  // No relay at first: a node may refuse a new node port for a moment, and the page would switch to the relay.
  release = await installRelease({ 'webserver.relay': 'never' });
});
test.after.always(() => release?.discard());

type Object = { metadata: RawPod['metadata'] };
const get = <T>(path: string) =>
  release.transport.request<T>({ method: 'GET', path: `/api/v1/namespaces/${release.namespace}/${path}` });
const list = async <T extends Object>(resource: string) => (await get<{ items: T[] }>(resource)).items;

test.serial('chart: one command installs it, and `helm test` passes', async (t) => {
  t.regex(await release.test(), /Phase: +Succeeded/);
});

type Event = { type: string; reason: string; message: string; involvedObject: { uid: string; name: string } };

test.serial('chart: a normal start records no Warning Event', async (t) => {
  // Two managers, two webservers and a terminal. The terminal that `helm test` used may still be replaced.
  const pods = await until('five ready pods', async () => {
    const ready = (await list<RawPod>('pods')).filter(isReady);
    return ready.length >= 5 && ready;
  });
  // Ignore the terminal that `helm test` used: an older kubelet probes a pod until it ends. A kubelet reports Events
  // with a delay.
  const events = await until('an Event of the start of each', async () => {
    const all = await list<Event & Object>('events');
    const eventsOf = ({ metadata }: RawPod) => all.filter(({ involvedObject }) => involvedObject.uid === metadata.uid);
    const everybodys = pods.map(eventsOf);
    return everybodys.every((own) => own.some(({ reason }) => reason === 'Started')) && everybodys.flat();
  });
  // A busy node reports this when it has not received a Secret within a second; it mounts it a moment later.
  const busy = ({ reason, message }: Event) => reason === 'FailedMount' && message.includes('failed to sync');
  // A webserver waits for the Secret that the manager creates at its first start.
  const waits = ({ reason, message }: Event) =>
    reason === 'FailedMount' && /secret "warmterm-keys" not found/.test(message);
  t.deepEqual(
    events
      .filter((event) => event.type === 'Warning' && !busy(event) && !waits(event))
      .map(({ reason, message, involvedObject }) => `${involvedObject.name}: ${reason}: ${message}`),
    [],
  );
});

/** The error that an account gets when it patches a pod; nothing if it is allowed. */
async function refusal(
  as: Transport,
  pod: string,
  patch: object,
  contentType = 'application/merge-patch+json',
): Promise<string> {
  const path = `/api/v1/namespaces/${release.namespace}/pods/${pod}?dryRun=All`;
  try {
    await as.request({ method: 'PATCH', path, contentType, body: patch });
    return '';
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

/** Names of a terminal and of a pod that is no terminal, and the manager's account. */
async function actAsManager(t: ExecutionContext) {
  const manager = await release.actAs('manager');
  t.teardown(() => manager.close());
  const nameOfOne = async (selector: string) =>
    (await list<RawPod>(`pods?labelSelector=${selector}`))[0]!.metadata.name;
  return {
    manager,
    terminal: await nameOfOne('warmterm.dev/pool'),
    webserver: await nameOfOne('app.kubernetes.io/component=webserver'),
  };
}

const annotate = { metadata: { annotations: { 'warmterm.dev/test': 'x' } } };

test.serial('chart: the manager’s account may annotate terminals', async (t) => {
  const { manager, terminal } = await actAsManager(t);
  t.is(await refusal(manager, terminal, annotate), '');
});

withPolicies('inv 10: the cluster refuses whatever else the manager’s account may not change of a pod', async (t) => {
  const { manager, terminal, webserver } = await actAsManager(t);
  const refused: [pod: string, patch: object, message: RegExp][] = [
    [terminal, { spec: { activeDeadlineSeconds: 1 } }, /the spec of a pod/],
    [terminal, { metadata: { labels: { 'app.kubernetes.io/component': 'webserver' } } }, /only labels/],
    [terminal, { metadata: { labels: { 'warmterm.dev/pool': 'other' } } }, /only labels/],
    [terminal, { metadata: { annotations: { theirs: 'x' } } }, /only annotations/],
    [terminal, { metadata: { ownerReferences: null } }, /owners or finalizers/],
    [terminal, { metadata: { finalizers: ['example.org/never'] } }, /owners or finalizers/],
    [webserver, annotate, /terminals only/],
  ];
  for (const [pod, patch, message] of refused) {
    t.regex(await refusal(manager, pod, patch), message, `${pod}: ${JSON.stringify(patch)}`);
  }
  const jsonPatch = [{ op: 'replace', path: '/spec/containers/0/image', value: 'evil' }];
  t.regex(await refusal(manager, terminal, jsonPatch, 'application/json-patch+json'), /the spec of a pod/);
});

test.serial('inv 5: chart: an upgrade to another exposure keeps session and secrets', async (t) => {
  const page = await (await openBrowser(t)).newPage();
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host));
  await page.goto(`${release.pageUrl}?renderer=dom`);
  await waitForScreen(page, '$', 60_000);
  await typeText(page, 'answer=$((6*7)); echo "it is $answer"\n');
  await waitForScreen(page, 'it is 42');
  const inUse = async () =>
    (await list<RawPod>('pods?labelSelector=warmterm.dev/pool'))
      .filter((pod) => isClaimed(pod) && pod.metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.uid);
  const webservers = async () =>
    (await list('pods?labelSelector=app.kubernetes.io/component=webserver')).map(({ metadata }) => metadata.uid);
  const secret = async () => (await get<{ data: Record<string, string> }>('secrets/warmterm-keys')).data;
  const before = { inUse: await inUse(), secret: await secret(), webservers: await webservers() };
  t.is(before.inUse.length, 1);

  const deployments = `/apis/apps/v1/namespaces/${release.namespace}/deployments`;
  const replicas = await followReplicas(t, `${deployments}?fieldSelector=metadata.name%3Dwarmterm-webserver`);
  await release.transport.request({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${release.namespace}/statefulsets/default`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'warmterm.dev/max-waiting': '7' } } },
  });

  const said = await release.upgrade({
    'poolDefaults.tmpSize': '300Mi',
    'webserver.relay': 'always',
    'webserver.autoscaling.enabled': 'true',
    'manager.podAnnotations.changed': 'yes',
  });
  t.deepEqual([...replicas], [2], 'autoscaling takes no webserver away');
  t.regex(said, /default: warmterm\.dev\/max-waiting was 7, is 200\n/);
  await until('the former webservers gone, which answer while they go', async () => {
    const now = await webservers();
    return !before.webservers.some((uid) => now.includes(uid));
  });

  t.deepEqual(await inUse(), before.inUse);
  t.deepEqual(await secret(), before.secret);
  t.not(sockets.at(-1), new URL(page.url()).host);
  await page.reload();
  await waitForScreen(page, '$');
  await typeText(page, 'clear; echo "still $answer"\n');
  await waitForScreen(page, /^still 42$/m);
  t.is(sockets.at(-1), new URL(page.url()).host);
  t.regex(await release.test(), /Phase: +Succeeded/);
});

/** All numbers of replicas that a Deployment has from now on. */
async function followReplicas(t: ExecutionContext, path: string): Promise<Set<number>> {
  const seen = new Set<number>();
  const watching = new AbortController();
  const follow = async (stream: AsyncIterable<string>) => {
    for await (const line of stream) seen.add(JSON.parse(line).object.spec.replicas);
  };
  const stream = await release.transport.stream(`${path}&watch=true`, watching.signal);
  // The end of the test aborts the stream.
  const ended = follow(createInterface({ input: stream })).catch(() => {});
  stream.on('error', () => {});
  t.teardown(() => {
    watching.abort();
    return ended;
  });
  return seen;
}

test.serial('chart: a rollback keeps the keys', async (t) => {
  const keys = async () => (await get<{ data: Record<string, string> }>('secrets/warmterm-keys')).data;
  const before = await keys();
  await release.rollBack();
  t.deepEqual(await keys(), before);
});

test.serial('chart: uninstalling leaves only the keys', async (t) => {
  await release.uninstall();
  const resources = ['pods', 'services', 'secrets', 'configmaps', 'serviceaccounts', 'endpoints'];
  const stays = /^(default$|default-token-|kube-root-ca\.crt$|warmterm-keys$)/;
  await until('an empty namespace', async () => {
    const left = (await Promise.all(resources.map((resource) => list(resource)))).flat();
    return left.every(({ metadata }) => stays.test(metadata.name));
  });
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${release.namespace}/leases`;
  await until('no Lease', async () => {
    const { items } = await release.transport.request<{ items: Object[] }>({ method: 'GET', path: leases });
    return items.length === 0;
  });
  const roles = '/apis/rbac.authorization.k8s.io/v1';
  for (const resource of ['clusterroles', 'clusterrolebindings']) {
    const { items } = await release.transport.request<{ items: Object[] }>({
      method: 'GET',
      path: `${roles}/${resource}`,
    });
    t.deepEqual(
      items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(`${release.namespace}.`)),
      [],
    );
  }
});
