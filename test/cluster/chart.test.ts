// The chart on the real cluster that KUBECONFIG names: installed, tested, upgraded under a visitor, and gone without a
// trace.

import test from 'ava';
import { openBrowser, typeText, waitForScreen } from '../helpers/frontend-browser.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { isClaimed, type RawPod, until } from '../helpers/system.ts';

let release: Release;
test.before(async () => {
  // Never at first: a node may refuse a port that it has yet to hear of, and the page would not wait for it.
  release = await installRelease({ 'webserver.relay': 'never' });
});
test.after.always(() => release?.discard());

type Object = { metadata: RawPod['metadata'] };
const get = <T>(path: string) =>
  release.transport.request<T>({ method: 'GET', path: `/api/v1/namespaces/${release.namespace}/${path}` });
const list = async <T extends Object>(resource: string) => (await get<{ items: T[] }>(resource)).items;

test.serial('one command installs it, and `helm test` finds a shell that answers', async (t) => {
  t.regex(await release.test(), /Phase: +Succeeded/);
});

test.serial('inv 5: an upgrade, to another way to terminals, leaves session and secrets as they were', async (t) => {
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
  const secret = async () => (await get<{ data: Record<string, string> }>('secrets/warmterm')).data;
  const before = { inUse: await inUse(), secret: await secret(), webservers: await webservers() };
  t.is(before.inUse.length, 1);

  await release.upgrade({
    'poolDefaults.tmpSize': '300Mi',
    'webserver.relay': 'always',
    'manager.podAnnotations.changed': 'yes',
  });
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

test.serial('what it leaves behind is nothing', async (t) => {
  await release.uninstall();
  const resources = ['pods', 'services', 'secrets', 'configmaps', 'serviceaccounts', 'endpoints'];
  const ofTheNamespace = /^(default$|default-token-|kube-root-ca\.crt$)/;
  await until('an empty namespace', async () => {
    const left = (await Promise.all(resources.map((resource) => list(resource)))).flat();
    return left.every(({ metadata }) => ofTheNamespace.test(metadata.name));
  });
  const roles = '/apis/rbac.authorization.k8s.io/v1';
  for (const resource of ['clusterroles', 'clusterrolebindings']) {
    const { items } = await release.transport.request<{ items: Object[] }>({
      method: 'GET',
      path: `${roles}/${resource}`,
    });
    t.deepEqual(
      items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(release.namespace)),
      [],
    );
  }
});
