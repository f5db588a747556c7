// The whole system for end-to-end tests: real processes on this machine, wired as by `npm start`; or, for `npm run
// test:cluster`, a release of the chart on a real cluster. A test that needs more than both offer uses a LocalSystem.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { type PoolStatus, poolsSchema } from '../../common/manager-api.ts';
import { claimAnnotations, labels, leaseOf } from '../../common/names.ts';
import {
  type OpenAnswer,
  type Opened,
  openAnswerSchema,
  paths,
  type RelayMode,
  visitorHeader,
} from '../../common/terminals-api.ts';
import { noAddressLimits } from '../../local/pool.ts';
import { type System, type SystemOptions, startSystem } from '../../local/system.ts';
import { createTransport, type Transport } from '../../manager/kubernetes/transport.ts';
import { dist } from './built.ts';
import { asKnownVisitor, visitorKey, waitForState } from './frontend-browser.ts';
import { silent } from './manager.ts';
import { poll } from './poll.ts';
import { proposedId } from './proposed-id.ts';
import { installRelease } from './release.ts';
import { fileScope, type Scope } from './scope.ts';
import { sandboxHere, whyNoSandbox } from './skip.ts';

export type TestSystemOptions = {
  settings?: SystemOptions['pool']['settings'];
  replicas?: number;
  /** The length of the countdown before an idle session ends. */
  idleWarning?: string;
  /** The shell command that saves a visitor's work. */
  beforeExit?: string;
  /** Whether the webserver trusts the forwarded address of a visitor (`createVisitor`). */
  trustProxy?: boolean;
  /** The route of pages to a terminal; by default the relay if the direct route is blocked. */
  relay?: RelayMode;
};

export type LocalSystemOptions = TestSystemOptions & Pick<SystemOptions, 'env' | 'nodeReturnMs'>;

export type TestSystem = {
  pageUrl: string;
  hostToken: string;
  kubernetes: ReturnType<typeof talkToKubernetes>;
  /** Kills every manager; each is restarted. */
  killManagers(): Promise<void>;
  stopWebservers(): Promise<void>;
  startWebservers(): Promise<void>;
};

export type LocalSystem = TestSystem & System & { directory: string };

/** Whether the systems are releases on a real cluster. */
export const onCluster = process.env.WARMTERM_TEST === 'cluster';
// A real kubelet takes up to 13 s to end a pod and start another on an idle node.
// One machine may run many tests at once.
const patienceMs = onCluster ? 180_000 : 60_000;
const networkChanged = 'net::ERR_NETWORK_CHANGED';

/** Starts a system that ends with the scope. Prints its logs if a test failed. */
export const startTestSystem = (scope: Scope, options: TestSystemOptions = {}): Promise<TestSystem> =>
  onCluster ? startOnCluster(scope, options) : startOnMachine(scope, options);

/** One system for the tests of a file: call the result within a test. Terminals that a test claims stay in use afterwards. */
export const shareTestSystem = (test: TestFn, options?: TestSystemOptions) => share(test, startTestSystem, options);

/** The same, for tests that need more than a cluster allows. */
export const shareLocalSystem = (test: TestFn, options?: LocalSystemOptions) => share(test, startOnMachine, options);

function share<Options, Started>(
  test: TestFn,
  start: (scope: Scope, options?: Options) => Promise<Started>,
  options?: Options,
): () => Started {
  const scope = fileScope(test);
  let started: Started;
  test.serial.before(async () => {
    started = await start(scope, options);
  });
  return () => started;
}

export async function startOnMachine(scope: Scope, options: LocalSystemOptions = {}): Promise<LocalSystem> {
  const directory = temporaryDirectory(scope);
  const {
    settings = { spare: '1', max: '3' },
    replicas = 1,
    idleWarning,
    beforeExit,
    trustProxy,
    relay,
    env = {},
    nodeReturnMs = Number.POSITIVE_INFINITY,
  } = options;
  const system = await startSystem({
    directory,
    dist,
    log: silent,
    host: '127.0.0.1',
    port: 0,
    sandbox: await sandboxHere(),
    nodeReturnMs,
    pool: { replicas, settings: { ...noAddressLimits, connectTimeout: '1m', ...settings } },
    env: {
      ...env,
      terminal: {
        ...env.terminal,
        ...(idleWarning !== undefined && { WARMTERM_IDLE_WARNING: idleWarning }),
        ...(beforeExit !== undefined && { WARMTERM_BEFORE_EXIT: beforeExit }),
      },
      webserver: {
        ...env.webserver,
        ...(trustProxy && { WARMTERM_TRUST_PROXY: '1' }),
        ...(relay && { WARMTERM_RELAY: relay }),
      },
    },
  });
  process.env.KUBECONFIG = system.cluster.kubeconfig;
  const transport: Transport = createTransport({ namespace: system.cluster.namespace, deadlineMs: 10_000 });
  scope.teardown(async () => {
    if (!scope.passed)
      for (const name of ['manager', 'webserver']) scope.log(readTail(join(directory, 'log', `${name}.log`)));
    transport.close();
    await system.close();
  });
  return {
    ...system,
    directory,
    kubernetes: talkToKubernetes(transport),
    killManagers: async () => system.manager.kill('SIGKILL'),
    stopWebservers: () => system.webserver.stop(),
    startWebservers: async () => system.webserver.start(),
  };
}

async function startOnCluster(scope: Scope, options: TestSystemOptions): Promise<TestSystem> {
  const { settings = { spare: '1', max: '3' }, replicas = 1, idleWarning, beforeExit, trustProxy, relay } = options;
  // Starts may take a minute here, and many visitors of a test never connect.
  const pool = {
    connectTimeout: '30m',
    ...noAddressLimits,
    ...settings,
    ...(idleWarning !== undefined && { idleWarning }),
    ...(beforeExit !== undefined && { beforeExit }),
  };
  const release = await installRelease({
    ...Object.fromEntries(Object.entries(pool).map(([name, value]) => [`poolDefaults.${name}`, value])),
    ...(trustProxy && { 'webserver.trustProxy': '1' }),
    ...(relay && { 'webserver.relay': relay }),
  });
  scope.teardown(async () => {
    if (!scope.passed) for (const log of await release.logs()) scope.log(log);
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
    killManagers: async () => {
      const managers = 'labelSelector=app.kubernetes.io/component%3Dmanager&gracePeriodSeconds=0';
      await transport.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/pods?${managers}` });
    },
    // A stopping webserver still answers for a while, and the test would use it.
    stopWebservers: async () => {
      await scaleWebservers(0);
      const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/component%3Dwebserver`;
      await until('no webserver', async () => {
        const { items } = await transport.request<{ items: RawPod[] }>({ method: 'GET', path });
        return items.length === 0;
      });
    },
    startWebservers: () => scaleWebservers(2),
  };
}

/** Whether `url` answers with a 2xx status. */
export const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** The reason why terminals can see each other's files and processes; undefined if they cannot. */
export const whyNotIsolated = async (): Promise<string | undefined> => (onCluster ? undefined : whyNoSandbox());

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
    containerStatuses?: { restartCount: number; started?: boolean }[];
    podIP?: string;
  };
  spec: { nodeName?: string };
};

type RawStatefulSet = {
  kind: string;
  apiVersion: string;
  metadata: { name: string; uid: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: object;
  status: { updateRevision: string };
};
type RawEvent = { reason: string; message: string; involvedObject: { kind: string; uid: string } };

export const revisionOf = ({ metadata }: RawPod): string | undefined => metadata.labels['controller-revision-hash'];

/** A folder that is removed after the test. */
export function temporaryDirectory(scope: Pick<Scope, 'teardown'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'warmterm-test-'));
  scope.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Requests such as those of kubectl. */
function talkToKubernetes(transport: Transport) {
  const core = `/api/v1/namespaces/${transport.namespace}`;
  const pods = `${core}/pods`;
  const apps = `/apis/apps/v1/namespaces/${transport.namespace}`;
  const pool = `${apps}/statefulsets/default`;
  const contentType = 'application/merge-patch+json';
  let first: { command?: string[] } | undefined;
  const ofPool = encodeURIComponent(labels.pool);
  const list = async () =>
    (await transport.request<{ items: RawPod[] }>({ method: 'GET', path: `${pods}?labelSelector=${ofPool}` })).items;
  const statefulSet = () => transport.request<RawStatefulSet>({ method: 'GET', path: pool });
  return {
    pods: list,
    pod: async (name: string) => (await list()).find(({ metadata }) => metadata.name === name),
    /** `graceSeconds` 0 deletes at once like `--force`, without waiting for the processes. */
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
      const path = `/apis/coordination.k8s.io/v1/namespaces/${transport.namespace}/leases/${leaseOf()}`;
      const { spec } = await transport.request<{ spec: { holderIdentity: string } }>({ method: 'GET', path });
      return spec.holderIdentity;
    },
    statefulSet,
    deletePool: () => transport.request({ method: 'DELETE', path: pool }),
    createPool: (body: object) => transport.request({ method: 'POST', path: `${apps}/statefulsets`, body }),
    /** The number of the pool's objects besides its StatefulSet. */
    countDependents: async () => {
      const lists = ['pods', 'services', 'configmaps'].map((kind) =>
        transport.request<{ items: object[] }>({ method: 'GET', path: `${core}/${kind}?labelSelector=${ofPool}` }),
      );
      return (await Promise.all(lists)).flatMap(({ items }) => items).length;
    },
    /** Changes the template of the pool's new pods by a JSON Patch. */
    changeTemplate: (op: 'add' | 'replace', path: string, value: unknown) =>
      transport.request({
        method: 'PATCH',
        path: pool,
        contentType: 'application/json-patch+json',
        body: [{ op, path: `/spec/template${path}`, value }],
      }),
    /** The Events of the pool, by reason, without those of an earlier pool of the same name. */
    events: async () => {
      const { items } = await transport.request<{ items: RawEvent[] }>({ method: 'GET', path: `${core}/events` });
      const { uid } = (await statefulSet()).metadata;
      const ours = items.filter(({ involvedObject }) => involvedObject.uid === uid);
      return new Map(ours.map(({ reason, message }) => [reason, message]));
    },
    /** Acts as `kubectl cordon` and `uncordon`. */
    cordon: (node: string, unschedulable: boolean) =>
      transport.request({
        method: 'PATCH',
        path: `/api/v1/nodes/${node}`,
        contentType,
        body: { spec: { unschedulable } },
      }),
    /** Acts as `kubectl delete node`. `kubelet` registers a node with the readiness of the node `like`. */
    deleteNode: (name: string) => transport.request({ method: 'DELETE', path: `/api/v1/nodes/${name}` }),
    registerNode: async (name: string, like: string) => {
      const { status } = await transport.request<{ status: object }>({ method: 'GET', path: `/api/v1/nodes/${like}` });
      await transport.request({ method: 'POST', path: '/api/v1/nodes', body: { metadata: { name } } });
      const path = `/api/v1/nodes/${name}/status`;
      await transport.request({ method: 'PATCH', path, contentType, body: { status } });
    },
    /** Makes new pods run another command; undefined restores the first one. */
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
    /** Messages of the Events with a reason, unordered. */
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

/** Polls until it holds; fails after `timeoutMs` with `what`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = patienceMs,
): Promise<T> {
  const answer = await poll(ask, timeoutMs);
  if (answer === undefined) throw new Error(`It never came to this: ${what}`);
  return answer;
}

/**
 * Waits for at least this many ready terminals; a pod of an earlier pool may still be ending. Right after an installation, a
 * node may not route to the manager yet, so the webserver cannot reach it.
 */
export const poolIsReady = (system: Pick<TestSystem, 'pageUrl' | 'hostToken'>, count: number) =>
  until(`${count} ready terminals`, async () => {
    const status = await poolStatus(system).catch(() => undefined);
    return status !== undefined && status.ready >= count;
  });

/** The pool in the host page's data. */
export async function poolStatus({
  pageUrl,
  hostToken,
}: Pick<TestSystem, 'pageUrl' | 'hostToken'>): Promise<PoolStatus> {
  const response = await fetch(`${pageUrl}api/host/pools`, { headers: { authorization: `Bearer ${hostToken}` } });
  return poolsSchema.parse(await response.json()).pools[0]!;
}

/** A visitor without a browser, which keeps its id and requests a terminal. `address`: the address that a proxy forwards. */
export function createVisitor({ pageUrl }: Pick<TestSystem, 'pageUrl'>, address?: string) {
  let id = proposedId();
  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, asked: object = {}) => {
    const response = await fetch(new URL(path, pageUrl), {
      method,
      headers: {
        [visitorHeader]: id,
        'content-type': 'application/json',
        origin: new URL(pageUrl).origin,
        ...(address !== undefined && { 'x-forwarded-for': address }),
      },
      ...(method === 'POST' && { body: JSON.stringify(asked) }),
    });
    id = response.headers.get(visitorHeader) ?? id;
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  return {
    call,
    id: () => id,
    /** Sends one request, as the page does. `place` is the last known position. */
    async ask(place?: number): Promise<OpenAnswer> {
      const { status, body } = await call('POST', paths.terminals, { place });
      if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
      return openAnswerSchema.parse(body);
    },
    /** Claims a terminal, and waits in the queue for it. */
    async claim(place?: number): Promise<Opened> {
      const answer = await this.ask(place);
      return answer.status === 'waiting' ? this.claim(answer.place) : answer;
    },
  };
}

/** Claims a terminal, and repeats the claim after each `retryAfter`, as the page does. */
export const claimSoon = (visitor: ReturnType<typeof createVisitor>): Promise<Opened> =>
  until('a claim', () => visitor.claim().catch(() => undefined));

/**
 * Ends the visitor's terminal or position as soon as a manager answers. After a kill of all managers there may be none,
 * even if one has just answered, because on a cluster a killed manager takes a moment to end.
 */
export const deleteSoon = (visitor: ReturnType<typeof createVisitor>, path: string): Promise<unknown> =>
  until(`the end of ${path}`, async () => [204, 404].includes((await visitor.call('DELETE', path)).status));

/** Opens the page as a new visitor, and waits for its terminal. The visitor's pages close with the scope. */
export async function openTerminal(
  scope: Pick<Scope, 'teardown'>,
  system: Pick<TestSystem, 'pageUrl'>,
  browser: Browser,
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext();
  scope.teardown(() => context.close());
  await context.addInitScript(asKnownVisitor);
  return { page: await openTab(system, context), context };
}

/** Opens another tab of the same visitor, and waits for the terminal in it. */
export async function openTab({ pageUrl }: Pick<TestSystem, 'pageUrl'>, context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await until('the page is loaded', () => isLoaded(page, `${pageUrl}?renderer=dom`));
  await waitForState(page, 'connected', patienceMs);
  return page;
}

/** Loads the page at `url`. Returns false if a pod on this machine started or ended meanwhile, because Chromium then aborts requests. */
async function isLoaded(page: Page, url: string): Promise<boolean> {
  let complete = true;
  const note = (request: Request) => {
    if (request.failure()?.errorText === networkChanged) complete = false;
  };
  page.on('requestfailed', note);
  await page.goto(url).catch((error: Error) => {
    if (!error.message.includes(networkChanged)) throw error;
    complete = false;
  });
  page.off('requestfailed', note);
  return complete;
}

/** Ends the terminal of a page's visitor, as another page of the visitor would. Returns the status of the answer. */
export const deleteCurrent = (page: Page): Promise<number> =>
  page.evaluate<number>(`fetch('${paths.current}', {
    method: 'DELETE',
    headers: { '${visitorHeader}': localStorage.getItem('${visitorKey}') },
  }).then(({ status }) => status)`);

function readTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-40).join('\n');
  } catch {
    return '';
  }
}
