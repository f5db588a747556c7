// The whole system as `npm start` wires it, for end-to-end tests: real processes, real ptys, real tmux.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type PoolStatus, paths, poolsSchema } from '../../common/manager-api.ts';
import { claimAnnotations, labels, managerLease } from '../../common/names.ts';
import { type Opened, openedSchema } from '../../common/terminals-api.ts';
import { type SystemOptions, startSystem } from '../../local/system.ts';
import { createTransport, type Transport } from '../../manager/cluster/transport.ts';
import { waitForState } from './frontend-browser.ts';
import { silent } from './manager.ts';

export type TestSystemOptions = {
  settings?: SystemOptions['pool']['settings'];
  replicas?: number;
  env?: SystemOptions['env'];
};

export type RawPod = {
  metadata: {
    name: string;
    uid: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  status: { conditions?: { type: string; status: string }[]; podIP?: string };
};

export type TestSystem = Awaited<ReturnType<typeof startTestSystem>>;

/** Starts a system that ends with the test. Its logs are printed when the test fails. */
export async function startTestSystem(t: ExecutionContext, options: TestSystemOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'warmterm-test-'));
  const { settings = { spare: '1', max: '3' }, replicas = 1, env } = options;
  const system = await startSystem({
    directory,
    dist: new URL('../../dist/', import.meta.url),
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas, settings },
    ...(env && { env }),
  });
  process.env.KUBECONFIG = system.cluster.kubeconfig;
  const transport: Transport = createTransport({ namespace: system.cluster.namespace, deadlineMs: 10_000 });
  t.teardown(async () => {
    if (!t.passed) for (const name of ['manager', 'webserver']) t.log(readTail(join(directory, 'log', `${name}.log`)));
    transport.close();
    await system.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { ...system, directory, kubernetes: talkToKubernetes(transport) };
}

/** Requests such as kubectl makes. */
function talkToKubernetes(transport: Transport) {
  const pods = `/api/v1/namespaces/${transport.namespace}/pods`;
  const pool = `/apis/apps/v1/namespaces/${transport.namespace}/statefulsets/default`;
  const contentType = 'application/merge-patch+json';
  const list = async () => (await transport.request<{ items: RawPod[] }>({ method: 'GET', path: pods })).items;
  return {
    pods: list,
    pod: async (name: string) => (await list()).find(({ metadata }) => metadata.name === name),
    deletePod: (name: string) => transport.request({ method: 'DELETE', path: `${pods}/${name}` }),
    scale: (replicas: number) =>
      transport.request({ method: 'PATCH', path: `${pool}/scale`, contentType, body: { spec: { replicas } } }),
    replicas: async () =>
      (await transport.request<{ spec: { replicas: number } }>({ method: 'GET', path: pool })).spec.replicas,
    lease: async () => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${transport.namespace}/leases/${managerLease}`;
      const { spec } = await transport.request<{ spec: { holderIdentity: string } }>({ method: 'GET', path });
      return spec.holderIdentity;
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
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`It never came to this: ${what}`);
    await delay(20);
  }
}

export const poolIsReady = (system: TestSystem, count: number) =>
  until(`${count} ready terminals`, async () => (await poolStatus(system)).ready === count);

/** The pool as the host page sees it. */
export async function poolStatus({ pageUrl, hostToken }: TestSystem): Promise<PoolStatus> {
  const response = await fetch(`${pageUrl}api/host/pools`, { headers: { authorization: `Bearer ${hostToken}` } });
  return poolsSchema.parse(await response.json()).pools[0]!;
}

/** A visitor without a browser: keeps the cookie, and asks for a terminal. */
export function createVisitor({ pageUrl }: TestSystem) {
  let cookie = '';
  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string) => {
    const response = await fetch(new URL(path, pageUrl), {
      method,
      headers: { cookie, 'content-type': 'application/json', origin: new URL(pageUrl).origin },
      ...(method === 'POST' && { body: '{}' }),
    });
    const [set] = response.headers.getSetCookie();
    if (set) cookie = set.split(';')[0]!;
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  return {
    call,
    async claim(): Promise<Opened> {
      const { status, body } = await call('POST', paths.terminals);
      if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
      return openedSchema.parse(body);
    },
  };
}

/** Opens the page as a new visitor, and waits for its terminal. */
export async function openTerminal(
  system: TestSystem,
  browser: Browser,
  context?: BrowserContext,
): Promise<{ page: Page; context: BrowserContext }> {
  const visitor = context ?? (await browser.newContext());
  const page = await visitor.newPage();
  await page.goto(`${system.pageUrl}?renderer=dom`);
  await waitForState(page, 'connected');
  return { page, context: visitor };
}

function readTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-40).join('\n');
  } catch {
    return '';
  }
}
