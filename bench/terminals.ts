// Terminals: the time from a click to a prompt and from a process to Ready, and the memory of a warm terminal.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestJson } from '../common/http/client.ts';
import { poolsSchema } from '../common/manager-api.ts';
import { paths } from '../common/terminals-api.ts';
import { noAddressLimits } from '../local/pool.ts';
import { startSystem } from '../local/system.ts';
import { createTransport } from '../manager/kubernetes/transport.ts';
import { silent } from '../test/helpers/manager.ts';
import { clickToPrompt } from './click.ts';
import { type Measure, measure, median, quantile } from './statistics.ts';
import { until } from './tools.ts';

const visits = 10;
const starts = 10;

export async function benchTerminals(directory: string): Promise<Measure[]> {
  mkdirSync(directory, { recursive: true });
  const startedAt = performance.now();
  const system = await startSystem({
    directory,
    dist: new URL('../dist/', import.meta.url),
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas: 1, settings: { spare: '1', max: '40', connectTimeout: '1m', ...noAddressLimits } },
  });
  const upMs = performance.now() - startedAt;
  const ready = async () => {
    const request = { url: system.pageUrl.slice(0, -1) + paths.hostPools, token: system.hostToken, deadlineMs: 5_000 };
    const { pools } = await requestJson({ ...request, method: 'GET', answer: poolsSchema });
    return pools[0]?.ready ?? 0;
  };
  try {
    process.env.KUBECONFIG = system.cluster.kubeconfig;
    const refilled = () => until(async () => (await ready()) >= 1);
    await refilled();
    // Measured while it is the only terminal, because shared pages would count for less in each of several.
    const memory = await idleMemory(system.cluster.namespace);
    const toReady = await startToReady(system.cluster.namespace);
    const clicks = await clickToPrompt(system.pageUrl, visits, refilled);
    return [
      measure('npm start: process → page answers (already built)', upMs, 'ms'),
      measure('click → first prompt painted, median', median(clicks.prompt), 'ms'),
      measure('click → first prompt painted, slowest of 10', quantile(clicks.prompt, 1), 'ms'),
      measure('page transfer', clicks.transferKB, 'KB'),
      measure('terminal: process start → Ready, median', median(toReady), 'ms'),
      ...Object.entries(memory).map(([name, kB]) =>
        measure(`idle PSS of the only warm terminal: ${name}`, kB / 1_024, 'MB'),
      ),
    ];
  } finally {
    await system.close();
  }
}

type Pod = {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  status: {
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    containerStatuses?: { state: { running?: { startedAt: string } } }[];
  };
};

/** Deletes a ready pod. Measures from the start of its successor's container to the first successful /readyz. */
async function startToReady(namespace: string): Promise<number[]> {
  const transport = createTransport({ namespace, deadlineMs: 10_000 });
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const times: number[] = [];
  try {
    for (let round = 0; round < starts; round++) {
      const pod = await findWarmPod(transport, path);
      await transport.request({ method: 'DELETE', path: `${path}/${pod.metadata.name}` });
      let seenAt = 0;
      await until(async () => {
        const next = await transport
          .request<Pod>({ method: 'GET', path: `${path}/${pod.metadata.name}` })
          .catch(() => undefined);
        if (!next || next.metadata.uid === pod.metadata.uid) return false;
        if (next.status.containerStatuses?.[0]?.state.running) seenAt ||= performance.now();
        return isReady(next);
      }, 2);
      times.push(performance.now() - seenAt);
    }
  } finally {
    transport.close();
  }
  return times;
}

const isReady = ({ metadata, status }: Pod) =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);

async function findWarmPod(transport: ReturnType<typeof createTransport>, path: string): Promise<Pod> {
  let warm: Pod | undefined;
  await until(async () => {
    const { items } = await transport.request<{ items: Pod[] }>({ method: 'GET', path });
    warm = items.find((pod) => isReady(pod) && pod.metadata.labels['warmterm.dev/claimed'] === 'false');
    return warm !== undefined;
  });
  return warm!;
}

/** Proportional set size in kB of a warm pod's processes, by program and in all. Source: proc_pid_smaps(5). */
async function idleMemory(namespace: string): Promise<Record<string, number>> {
  const transport = createTransport({ namespace, deadlineMs: 10_000 });
  const { metadata } = await findWarmPod(transport, `/api/v1/namespaces/${namespace}/pods`);
  transport.close();
  const memory: Record<string, number> = {};
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ours = new Set(all.filter((pid) => read(pid, 'environ').includes(`WARMTERM_POD_UID=${metadata.uid}`)));
  const parentOf = (pid: string) => /^PPid:\s*(\d+)$/m.exec(read(pid, 'status'))?.[1] ?? '0';
  // The shell's environment is cleaned, so all descendants of the pod's processes are counted.
  for (let grown = true; grown; ) {
    const children = all.filter((pid) => !ours.has(pid) && ours.has(parentOf(pid)));
    for (const pid of children) ours.add(pid);
    grown = children.length > 0;
  }
  let sum = 0;
  for (const pid of ours) {
    const pss = Number(/^Pss:\s*(\d+) kB$/m.exec(read(pid, 'smaps_rollup'))?.[1] ?? 0);
    const program = read(pid, 'comm').trim().replace(/:.*/, '');
    memory[program] = (memory[program] ?? 0) + pss;
    sum += pss;
  }
  return { ...memory, 'in all': sum };
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch {
    return '';
  }
}
