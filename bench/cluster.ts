// The chart on the real cluster that KUBECONFIG names: the waits of visitors, and the cost of a claim.

import { setTimeout as delay } from 'node:timers/promises';
import { installRelease, type Release } from '../test/helpers/release.ts';
import { createVisitor, isClaimed, isReady, type RawPod } from '../test/helpers/system.ts';
import { clickToPrompt } from './click.ts';
import { type Measure, measure, median, quantile } from './statistics.ts';
import { until } from './tools.ts';

const visits = 10;
const ends = 5;
const slowly = { claims: 15, perSecond: 1 };
const quickly = { claims: 60, perSecond: 45 };
// Each visitor keeps a terminal.
const poolSize = visits + slowly.claims + quickly.claims + 2;
const patienceMs = 300_000;

export async function benchCluster(): Promise<Measure[]> {
  const installedAt = performance.now();
  const release = await installRelease({
    'metrics.enabled': 'true',
    'poolDefaults.spare': '2',
    'poolDefaults.max': String(poolSize),
    // No client connects to the terminals claimed below.
    'poolDefaults.connectTimeout': '1h',
  });
  const pool = talkToPool(release);
  const ready = (count: number) => until(async () => (await pool.ready()).length >= count, 200, patienceMs);
  try {
    await ready(1);
    const installMs = performance.now() - installedAt;
    const { prompt } = await clickToPrompt(release.pageUrl, visits, () => ready(1));
    await ready(1);
    const refills: number[] = [];
    for (let round = 0; round < ends; round++) refills.push(await endToReady(release, pool));

    await pool.annotate({ 'warmterm.dev/min': String(poolSize) });
    await ready(slowly.claims + quickly.claims);
    const before = await pool.writes();
    const slow = await claimAt(release, slowly);
    const quick = await claimAt(release, quickly);
    const after = await pool.writes();
    const perClaim = (kind: 'done' | 'refused') => (after[kind] - before[kind]) / (slowly.claims + quickly.claims);
    const claims = (name: string, latencies: number[]) => [
      measure(`cluster: claim p50, ${name}`, quantile(latencies, 0.5), 'ms'),
      measure(`cluster: claim p99, ${name}`, quantile(latencies, 0.99), 'ms'),
    ];
    return [
      measure('cluster: helm install → a terminal ready', installMs, 'ms'),
      measure('cluster: click → first prompt painted, median', median(prompt), 'ms'),
      measure('cluster: click → first prompt painted, slowest of 10', quantile(prompt, 1), 'ms'),
      measure('cluster: session end → its replacement Ready, median', median(refills), 'ms'),
      ...claims('one a second', slow),
      ...claims('45 a second', quick),
      measure('cluster: Kubernetes writes per claim', perClaim('done'), ''),
      measure('cluster: tries per claim that another manager was first', perClaim('refused'), ''),
    ];
  } finally {
    await release.discard();
  }
}

/** Claims as new visitors, through the webserver, at random moments (a Poisson process). Milliseconds each. */
async function claimAt(release: Release, { claims, perSecond }: { claims: number; perSecond: number }) {
  const latencies: number[] = [];
  const under: Promise<void>[] = [];
  for (let claim = 0; claim < claims; claim++) {
    const visitor = createVisitor(release);
    const startedAt = performance.now();
    under.push(visitor.claim().then(() => void latencies.push(performance.now() - startedAt)));
    await delay((-Math.log(1 - Math.random()) / perSecond) * 1_000);
  }
  await Promise.all(under);
  return latencies;
}

/** From the end of a session to the pod of its name being Ready again. Milliseconds. */
async function endToReady(release: Release, pool: ReturnType<typeof talkToPool>): Promise<number> {
  const visitor = createVisitor(release);
  const { name } = await visitor.claim();
  const before = await pool.pod(name);
  const endedAt = performance.now();
  await visitor.call('DELETE', '/api/terminals/current');
  await until(
    async () => {
      const pod = await pool.pod(name);
      return pod !== undefined && pod.metadata.uid !== before?.metadata.uid && isReady(pod);
    },
    50,
    patienceMs,
  );
  return performance.now() - endedAt;
}

function talkToPool({ transport, namespace }: Release) {
  const core = `/api/v1/namespaces/${namespace}`;
  const list = async (selector: string) => {
    const path = `${core}/pods?labelSelector=${encodeURIComponent(selector)}`;
    return (await transport.request<{ items: RawPod[] }>({ method: 'GET', path })).items;
  };
  const pods = () => list('warmterm.dev/pool');
  return {
    pod: async (name: string) => (await pods()).find(({ metadata }) => metadata.name === name),
    ready: async () => (await pods()).filter((pod) => isReady(pod) && !isClaimed(pod)),
    annotate: (annotations: Record<string, string>) =>
      transport.request({
        method: 'PATCH',
        path: `/apis/apps/v1/namespaces/${namespace}/statefulsets/default`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { annotations } },
      }),
    /** The managers' writes to existing objects, and the number of refused ones. */
    async writes(): Promise<{ done: number; refused: number }> {
      const managers = await list('app.kubernetes.io/component=manager');
      const texts = await Promise.all(
        managers.map(async ({ status }) => (await fetch(`http://${status.podIP}:9253/metrics`)).text()),
      );
      // Not PUT, which renews the lease; not POST, which reviews tokens.
      const line = /^warmterm_kubernetes_requests_total\{verb="(?:PATCH|DELETE)",code="(\d)\d\d"\} (\d+)$/gm;
      const counts = texts.flatMap((text) => [...text.matchAll(line)]);
      const sum = (kind: string) =>
        counts.filter(([, code]) => code === kind).reduce((total, [, , count]) => total + Number(count), 0);
      return { done: sum('2'), refused: sum('4') };
    },
  };
}
