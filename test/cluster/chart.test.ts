// The chart on the real cluster that KUBECONFIG names: installed, tested, upgraded under a visitor, and gone without a
// trace. WARMTERM_TEST_HELM is the helm to use; WARMTERM_TEST_VALUES says, as `--set` does, where the images are.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { labels } from '../../common/names.ts';
import { createTransport } from '../../manager/cluster/transport.ts';
import { readHost } from '../../manager/exposure/route-kind.ts';
import { fillRoute, parseRouteTemplate } from '../../manager/exposure/route-template.ts';
import { openBrowser, typeText, waitForScreen } from '../helpers/frontend-browser.ts';

const program = process.env.WARMTERM_TEST_HELM;
const chart = fileURLToPath(new URL('../../helm', import.meta.url));
const namespace = `warmterm-chart-${randomBytes(4).toString('hex')}`;
const api = createTransport({ deadlineMs: 20_000 });
const test = (program === undefined ? anyTest.skip : anyTest.serial) as TestFn;

type Item = { metadata: { name: string; uid: string; labels?: Record<string, string>; ownerReferences?: unknown[] } };
type Service = Item & { spec: { ports: { nodePort: number }[] } };
type Node = { status: { addresses: { type: string; address: string }[] } };
type Secret = { data: Record<string, string> };

const get = <T>(path: string) => api.request<T>({ method: 'GET', path });
const core = `/api/v1/namespaces/${namespace}`;
const list = async (resource: string) => (await get<{ items: Item[] }>(`${core}/${resource}`)).items;

async function helm(...args: string[]): Promise<string> {
  const values = process.env.WARMTERM_TEST_VALUES;
  const set = values !== undefined && ['install', 'upgrade'].includes(args[0] ?? '') ? ['--set', values] : [];
  return (await promisify(execFile)(program ?? '', [...args, ...set, '--namespace', namespace])).stdout;
}

async function pageUrl(): Promise<string> {
  const { spec } = await get<Service>(`${core}/services/warmterm-webserver`);
  const { items } = await get<{ items: Node[] }>('/api/v1/nodes');
  const address = items[0]?.status.addresses.find(({ type }) => type === 'InternalIP')?.address;
  return `http://${address}:${spec.ports[0]?.nodePort}/?renderer=dom`;
}

anyTest.after.always(async () => {
  if (program !== undefined) {
    await helm('uninstall', 'warmterm').catch(() => {});
    await api.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` }).catch(() => {});
  }
  api.close();
});

for (const [kind, values] of Object.entries({
  Ingress: 'tlsSecret=terminals,terminals.ingress.className=nginx',
  HTTPRoute: 'protocol=https,terminals.ingress.parentRefs[0].name=edge',
})) {
  test(`with ${kind} for terminals, manager and webserver are told the same hosts`, async (t) => {
    const set = `terminals.exposure=ingress,terminals.ingress.kind=${kind},terminals.ingress.${values}`;
    const manifests = await helm('template', 'warmterm', chart, '--set', set);
    const told = (name: string) => new RegExp(`name: ${name}, value: "?(.+?)"?}$`, 'm').exec(manifests)?.[1];
    const { text } = /template\.json: (?<text>".*")$/m.exec(manifests)?.groups ?? {};
    const template = parseRouteTemplate(JSON.parse(text!), told('WARMTERM_ROUTE_PROTOCOL') as 'https');
    if (Array.isArray(template)) return t.fail(template.join('\n'));
    t.like(template, { kind, protocol: 'https' });
    const route = fillRoute(template, { name: 'default-3', pool: 'default', ordinal: 3 });
    t.is(readHost(kind as 'Ingress', route.spec), 'default-3.terminals.example.org');
    t.is(told('WARMTERM_ADDRESS'), 'https://{name}.terminals.example.org');
    t.is(told('WARMTERM_EXPOSURE'), 'ingress');
  });
}

test('one command installs it, and `helm test` finds a shell that answers', async (t) => {
  await helm('install', 'warmterm', chart, '--create-namespace', '--wait', '--timeout', '3m');
  t.regex(await helm('test', 'warmterm'), /Phase: +Succeeded/);
});

test('inv 5: an upgrade, to another way to terminals, leaves a session where it is, and the secrets as they were', async (t) => {
  const page = await (await openBrowser(t)).newPage();
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host));
  await page.goto(await pageUrl());
  await waitForScreen(page, '$', 30_000);
  await typeText(page, 'answer=$((6*7)); echo "it is $answer"\n');
  await waitForScreen(page, 'it is 42');
  const inUse = async () =>
    (await list('pods')).find(
      (pod) => pod.metadata.labels?.[labels.claimed] === 'true' && !('deletionTimestamp' in pod.metadata),
    );
  const webservers = async () =>
    (await list('pods')).map(({ metadata }) => metadata.name).filter((name) => name.includes('-webserver-'));
  const before = {
    pod: await inUse(),
    secret: await get<Secret>(`${core}/secrets/warmterm`),
    webservers: await webservers(),
  };

  const changed = 'poolDefaults.tmpSize=300Mi,webserver.relay=always,manager.podAnnotations.a=b';
  await helm('upgrade', 'warmterm', chart, '--set', changed, '--wait', '--timeout', '3m');

  // Those of before still answer while they go.
  const going = async () => (await webservers()).some((name) => before.webservers.includes(name));
  while (await going()) await new Promise((resolve) => setTimeout(resolve, 200));

  t.is((await inUse())?.metadata.uid, before.pod?.metadata.uid);
  t.deepEqual((await get<Secret>(`${core}/secrets/warmterm`)).data, before.secret.data);
  t.not(sockets.at(-1), new URL(page.url()).host);
  await page.reload();
  await waitForScreen(page, '$');
  await typeText(page, 'clear; echo "still $answer"\n');
  t.regex(await waitForScreen(page, /^still 42$/m), /still 42/);
  t.is(sockets.at(-1), new URL(page.url()).host);
  t.regex(await helm('test', 'warmterm'), /Phase: +Succeeded/);
});

test('what it leaves behind is nothing', async (t) => {
  await helm('uninstall', 'warmterm');
  const left = async () => {
    const found = await Promise.all(['pods', 'services', 'secrets'].map(list));
    return found
      .flat()
      .filter(({ metadata }) => !metadata.name.startsWith('default-token-'))
      .map(({ metadata }) => metadata.name);
  };
  const deadline = Date.now() + 120_000;
  while ((await left()).length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 500));
  t.deepEqual(await left(), []);
});
