// The whole system, for end-to-end tests: as `npm start` wires it, of real processes on this machine; or, for `npm run
// test:cluster`, a release of the chart on a real cluster. A test that needs more than both have asks for a LocalSystem.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type PoolStatus, paths, poolsSchema } from '../../common/manager-api.ts';
import { claimAnnotations, labels, managerLease } from '../../common/names.ts';
import { type OpenAnswer, type Opened, openAnswerSchema } from '../../common/terminals-api.ts';
import { type System, type SystemOptions, startSystem } from '../../local/system.ts';
import { createTransport, type Transport } from '../../manager/cluster/transport.ts';
import { waitForState } from './frontend-browser.ts';
import { silent } from './manager.ts';
import { installRelease } from './release.ts';

export type TestSystemOptions = {
  settings?: SystemOptions['pool']['settings'];
  replicas?: number;
  /** How long before an idle session ends the countdown begins. */
  idleWarning?: string;
  /** What saves a visitor's work, for a shell. */
  beforeExit?: string;
  /** Whether the webserver believes what a visitor says of its address (`createVisitor`). */
  trustProxy?: boolean;
};

export type TestSystem = {
  pageUrl: string;
  hostToken: string;
  kubernetes: ReturnType<typeof talkToKubernetes>;
  /** Whether something keeps terminals out of each other's files and processes. */
  isolated: boolean;
  /** Ends every manager without a warning; each is started again. */
  killManagers(): Promise<void>;
  stopWebservers(): Promise<void>;
  startWebservers(): Promise<void>;
};

export type LocalSystem = TestSystem & System & { directory: string };

const onCluster = process.env.WARMTERM_TEST === 'cluster';
// A real kubelet takes its time to end a pod and to start another: up to thirteen seconds when nothing else is to do.
const patienceMs = onCluster ? 90_000 : 20_000;

/** Starts a system that ends with the test. Its logs are printed when the test fails. */
export const startTestSystem = (t: ExecutionContext, options: TestSystemOptions = {}): Promise<TestSystem> =>
  onCluster ? startOnCluster(t, options) : startOnMachine(t, options);

export async function startOnMachine(
  t: ExecutionContext,
  options: TestSystemOptions & Pick<SystemOptions, 'env'> = {},
): Promise<LocalSystem> {
  const directory = temporaryDirectory(t);
  const { settings = { spare: '1', max: '3' }, replicas = 1, idleWarning, beforeExit, trustProxy, env = {} } = options;
  const system = await startSystem({
    directory,
    dist: new URL('../../dist/', import.meta.url),
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas, settings },
    env: {
      ...env,
      terminal: {
        ...env.terminal,
        ...(idleWarning !== undefined && { WARMTERM_IDLE_WARNING: idleWarning }),
        ...(beforeExit !== undefined && { WARMTERM_BEFORE_EXIT: beforeExit }),
      },
      ...(trustProxy && { webserver: { ...env.webserver, WARMTERM_TRUST_PROXY: '1' } }),
    },
  });
  process.env.KUBECONFIG = system.cluster.kubeconfig;
  const transport: Transport = createTransport({ namespace: system.cluster.namespace, deadlineMs: 10_000 });
  t.teardown(async () => {
    if (!t.passed) for (const name of ['manager', 'webserver']) t.log(readTail(join(directory, 'log', `${name}.log`)));
    transport.close();
    await system.close();
  });
  return {
    ...system,
    directory,
    kubernetes: talkToKubernetes(transport),
    isolated: system.cluster.sandboxed,
    killManagers: async () => system.manager.kill('SIGKILL'),
    stopWebservers: () => system.webserver.stop(),
    startWebservers: async () => system.webserver.start(),
  };
}

async function startOnCluster(t: ExecutionContext, options: TestSystemOptions): Promise<TestSystem> {
  const { settings = { spare: '1', max: '3' }, replicas = 1, idleWarning, beforeExit, trustProxy } = options;
  // What takes a second on one machine may take a minute here, and many a visitor of a test never connects.
  const pool = {
    connectTimeout: '30m',
    ...settings,
    ...(idleWarning !== undefined && { idleWarning }),
    ...(beforeExit !== undefined && { beforeExit }),
  };
  const release = await installRelease({
    ...Object.fromEntries(Object.entries(pool).map(([name, value]) => [`poolDefaults.${name}`, value])),
    ...(trustProxy && { 'webserver.trustProxy': '1' }),
  });
  t.teardown(async () => {
    if (!t.passed) for (const log of await release.logs()) t.log(log);
    await release.discard();
  });
  const { transport, namespace, pageUrl, hostToken } = release;
  const kubernetes = talkToKubernetes(transport);
  if (replicas > 1) await kubernetes.scale(replicas);
  const scaleWebservers = (to: number) => kubernetes.scale(to, 'deployments/warmterm-webserver');
  return {
    pageUrl,
    hostToken,
    kubernetes,
    isolated: true,
    killManagers: async () => {
      const managers = 'labelSelector=app.kubernetes.io/component%3Dmanager&gracePeriodSeconds=0';
      await transport.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/pods?${managers}` });
    },
    stopWebservers: async () => {
      await scaleWebservers(0);
      await until('no webserver', async () => !(await answers(pageUrl)));
    },
    startWebservers: () => scaleWebservers(2),
  };
}

/** Whether anything good is to be had at `url`. */
export const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

export type RawPod = {
  metadata: {
    name: string;
    uid: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  status: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number }[];
    podIP?: string;
  };
};

type RawStatefulSet = {
  kind: string;
  apiVersion: string;
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: object;
  status: { updateRevision: string };
};
type RawEvent = { reason: string; message: string; involvedObject: { kind: string } };

export const revisionOf = ({ metadata }: RawPod): string | undefined => metadata.labels['controller-revision-hash'];

/** A folder that is removed after the test. */
export function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'warmterm-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Requests such as kubectl makes. */
function talkToKubernetes(transport: Transport) {
  const pods = `/api/v1/namespaces/${transport.namespace}/pods`;
  const apps = `/apis/apps/v1/namespaces/${transport.namespace}`;
  const pool = `${apps}/statefulsets/default`;
  const contentType = 'application/merge-patch+json';
  let first: { command?: string[] } | undefined;
  const ofPool = `${pods}?labelSelector=${encodeURIComponent(labels.pool)}`;
  const list = async () => (await transport.request<{ items: RawPod[] }>({ method: 'GET', path: ofPool })).items;
  return {
    pods: list,
    pod: async (name: string) => (await list()).find(({ metadata }) => metadata.name === name),
    /** With `graceSeconds` 0 as `--force` does: at once, whatever becomes of its processes. */
    deletePod: (name: string, graceSeconds?: number) => {
      const query = graceSeconds === undefined ? '' : `?gracePeriodSeconds=${graceSeconds}`;
      return transport.request({ method: 'DELETE', path: `${pods}/${name}${query}` });
    },
    scale: async (replicas: number, what = 'statefulsets/default') => {
      await transport.request({
        method: 'PATCH',
        path: `${apps}/${what}/scale`,
        contentType,
        body: { spec: { replicas } },
      });
    },
    replicas: async () =>
      (await transport.request<{ spec: { replicas: number } }>({ method: 'GET', path: pool })).spec.replicas,
    lease: async () => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${transport.namespace}/leases/${managerLease}`;
      const { spec } = await transport.request<{ spec: { holderIdentity: string } }>({ method: 'GET', path });
      return spec.holderIdentity;
    },
    /** The pool's StatefulSet. */
    statefulSet: () => transport.request<RawStatefulSet>({ method: 'GET', path: pool }),
    deletePool: () => transport.request({ method: 'DELETE', path: pool }),
    createPool: (body: object) => transport.request({ method: 'POST', path: `${apps}/statefulsets`, body }),
    /** Changes what the pool's pods are made of from now on, by a JSON Patch within the template. */
    changeTemplate: (op: 'add' | 'replace', path: string, value: unknown) =>
      transport.request({
        method: 'PATCH',
        path: pool,
        contentType: 'application/json-patch+json',
        body: [{ op, path: `/spec/template${path}`, value }],
      }),
    /** What was told of the pool, by reason. */
    events: async () => {
      const path = `/api/v1/namespaces/${transport.namespace}/events`;
      const { items } = await transport.request<{ items: RawEvent[] }>({ method: 'GET', path });
      const ours = items.filter(({ involvedObject }) => involvedObject.kind === 'StatefulSet');
      return new Map(ours.map(({ reason, message }) => [reason, message]));
    },
    /** As `kubectl cordon` and `uncordon`. */
    cordon: (node: string, unschedulable: boolean) =>
      transport.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${node}`,
        contentType,
        body: { spec: { unschedulable } },
      }),
    /** Has pods that are made from now on run another command; undefined: what they ran at first. */
    setCommand: async (command: string[] | undefined) => {
      const container = '/spec/template/spec/containers/0/command';
      const now = await transport.request<{ spec: { template: { spec: { containers: { command?: string[] }[] } } } }>({
        method: 'GET',
        path: pool,
      });
      first ??= now.spec.template.spec.containers[0];
      const value = command ?? first?.command;
      const body = [value ? { op: 'add', path: container, value } : { op: 'remove', path: container }];
      await transport.request({ method: 'PATCH', path: pool, contentType: 'application/json-patch+json', body });
    },
    /** Messages of the Events of a reason, in no order. */
    eventsOf: async (reason: string) => {
      const path = `/api/v1/namespaces/${transport.namespace}/events?fieldSelector=reason%3D${reason}`;
      const { items } = await transport.request<{ items: { message: string }[] }>({ method: 'GET', path });
      return items.map(({ message }) => message);
    },
    annotate: (annotations: Record<string, string>) =>
      transport.request({ method: 'PATCH', path: pool, contentType, body: { metadata: { annotations } } }),
  };
}

export const isReady = ({ metadata, status }: RawPod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);

export const isClaimed = ({ metadata }: RawPod): boolean => metadata.labels[labels.claimed] === 'true';
export const visitorOf = ({ metadata }: RawPod): string | undefined => metadata.annotations?.[claimAnnotations.visitor];

/** Asks again until it holds; fails after `timeoutMs` with `what`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = patienceMs,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`It never came to this: ${what}`);
    await delay(20);
  }
}

// Right after an installation a node may not know the manager yet, and the webserver not reach it.
export const poolIsReady = (system: TestSystem, count: number) =>
  until(`${count} ready terminals`, async () => (await poolStatus(system).catch(() => undefined))?.ready === count);

/** The pool as the host page sees it. */
export async function poolStatus({
  pageUrl,
  hostToken,
}: Pick<TestSystem, 'pageUrl' | 'hostToken'>): Promise<PoolStatus> {
  const response = await fetch(`${pageUrl}api/host/pools`, { headers: { authorization: `Bearer ${hostToken}` } });
  return poolsSchema.parse(await response.json()).pools[0]!;
}

/** A visitor without a browser: keeps the cookie, and asks for a terminal. `address`: where a proxy says that it is. */
export function createVisitor({ pageUrl }: Pick<TestSystem, 'pageUrl'>, address?: string) {
  let cookie = '';
  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, asked: object = {}) => {
    const response = await fetch(new URL(path, pageUrl), {
      method,
      headers: {
        cookie,
        'content-type': 'application/json',
        origin: new URL(pageUrl).origin,
        ...(address !== undefined && { 'x-forwarded-for': address }),
      },
      ...(method === 'POST' && { body: JSON.stringify(asked) }),
    });
    const [set] = response.headers.getSetCookie();
    if (set) cookie = set.split(';')[0]!;
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  return {
    call,
    cookie: () => cookie,
    /** Asks once, as the page does; `place` is the last one in line that is known. */
    async ask(place?: number): Promise<OpenAnswer> {
      const { status, body } = await call('POST', paths.terminals, { place });
      if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
      return openAnswerSchema.parse(body);
    },
    /** A terminal; waits in line for it. */
    async claim(place?: number): Promise<Opened> {
      const answer = await this.ask(place);
      return answer.status === 'waiting' ? this.claim(answer.place) : answer;
    },
  };
}

/** A terminal as soon as there is one: whoever is told to come back later does, as the page would. */
export const claimSoon = (visitor: ReturnType<typeof createVisitor>): Promise<Opened> =>
  until('a claim', () => visitor.claim().catch(() => undefined));

/**
 * Ends the visitor's terminal, or place in line, as soon as a manager does it: right after all were killed there may be none,
 * though one has just answered, since on a cluster even a killed one takes a moment to end.
 */
export const deleteSoon = (visitor: ReturnType<typeof createVisitor>, path: string): Promise<unknown> =>
  until(`the end of ${path}`, async () => [204, 404].includes((await visitor.call('DELETE', path)).status));

/** Opens the page as a new visitor, and waits for its terminal. */
export async function openTerminal(
  system: Pick<TestSystem, 'pageUrl'>,
  browser: Browser,
  context?: BrowserContext,
): Promise<{ page: Page; context: BrowserContext }> {
  const visitor = context ?? (await browser.newContext());
  const page = await visitor.newPage();
  await page.goto(`${system.pageUrl}?renderer=dom`);
  await waitForState(page, 'connected', patienceMs);
  return { page, context: visitor };
}

function readTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-40).join('\n');
  } catch {
    return '';
  }
}
