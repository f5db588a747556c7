// Several managers over one pool: the claims a second that they answer together, as a ratio to one manager, and the number
// of conflicts among their patches. On the real cluster that KUBECONFIG names, with
// pretended pods, else on the stand-in. The numbers of managers take turns, so that all runs have the same noise.

import { Agent } from 'node:http';
import { requestJson } from '../common/http/client.ts';
import { paths } from '../common/manager-api.ts';
import { labels } from '../common/names.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';
import { type ManagerProcess, startManager, writeSigningKey } from './manager-process.ts';
import { startPretendCluster } from './pretend-cluster.ts';
import { startStandInCluster } from './stand-in.ts';
import { type Measure, measure, median } from './statistics.ts';
import { until } from './tools.ts';

const counts = [1, 2, 3, 5];
// Fewer on slow machines.
const rounds = Number(process.env.WARMTERM_BENCH_ROUNDS ?? 3);
const poolSize = 400;
const claimsPerPool = 320;
const poolsPerTurn = 3;
const atOnce = 32;
const deletionsAtOnce = 16;
const patienceMs = 300_000;
const call = { deadlineMs: 30_000 };

/** `highest`: the highest ordinal that was claimed. */
type Turn = { managers: number; perSecond: number; refused: number; highest: number };
type World = { transport: Transport; namespace: string; token: string; count?: (kind: 'services') => Promise<number> };

export async function benchManagers(directory: string): Promise<Measure[]> {
  const signingKey = writeSigningKey(directory);
  const real = process.env.KUBECONFIG !== undefined;
  const world = real ? await startPretendCluster('managers', poolSize) : await startStandInCluster(directory, poolSize);
  const kubeconfig = process.env.KUBECONFIG!;
  const env = { WARMTERM_NAMESPACE: world.namespace };
  const start = (name: string) => startManager({ directory, name, kubeconfig, signingKey, env });
  const turns: Turn[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const count of counts) {
        const names = Array.from({ length: count }, (_, index) => `manager-${round}-${count}-${index}`);
        const managers = await Promise.all(names.map(start));
        try {
          turns.push(await measureTurn(world, managers));
        } finally {
          await Promise.all(managers.map(({ stop }) => stop()));
        }
        const { perSecond, refused, highest } = turns.at(-1)!;
        process.stderr.write(
          `round ${round + 1}, managers ${count}: ${perSecond.toFixed(0)} claims/s, ${refused.toFixed(4)} refused per claim, highest ordinal ${highest}\n`,
        );
      }
    }
  } finally {
    await world.close();
  }
  return report(real ? 'real API server' : 'stand-in', turns);
}

function report(where: string, turns: Turn[]): Measure[] {
  const of = (count: number) => turns.filter(({ managers }) => managers === count);
  const one = of(1);
  return counts.flatMap((count) => {
    const name = `${where}, ${count} manager${count === 1 ? '' : 's'}`;
    const own = of(count);
    // Compared within a round, because the machine may be slower in another.
    const ratios = own.map(({ perSecond }, round) => perSecond / one[round]!.perSecond);
    const refused = own.reduce((sum, turn) => sum + turn.refused, 0) / own.length;
    return [
      measure(`${name}: claims per second, ${atOnce} at once`, median(own.map(({ perSecond }) => perSecond)), '/s'),
      measure(`${name}: that, as a multiple of one manager`, median(ratios), ''),
      measure(`${name}: patches refused per claim`, refused, ''),
      measure(`${name}: highest ordinal of ${claimsPerPool} claims`, Math.max(...own.map((turn) => turn.highest)), ''),
    ];
  });
}

async function measureTurn(world: World, managers: ManagerProcess[]): Promise<Turn> {
  const allReady = async () => {
    const ready = await Promise.all(managers.map((manager) => manager.readyTerminals()));
    return ready.every((count) => count === poolSize) && ((await world.count?.('services')) ?? poolSize) >= poolSize;
  };
  const claimPool = async () => {
    await until(allReady, 50, patienceMs);
    const ms = await claimAll(world, managers, claimsPerPool);
    const ordinals = (await claimedPods(world)).map((name) => Number(name.slice(name.lastIndexOf('-') + 1)));
    await endAll(world);
    return { ms, highest: Math.max(...ordinals) };
  };
  await Promise.all(managers.map(({ ready }) => ready()));
  // Code that has never run is slow, so each manager first claims the same number of pods unmeasured.
  for (let warmUp = 0; warmUp < managers.length; warmUp++) await claimPool();
  const before = await refusedPatches(managers);
  const measured: Awaited<ReturnType<typeof claimPool>>[] = [];
  while (measured.length < poolsPerTurn) measured.push(await claimPool());
  const refused = (await refusedPatches(managers)) - before;
  const claims = claimsPerPool * poolsPerTurn;
  return {
    managers: managers.length,
    perSecond: (claims / measured.reduce((sum, { ms }) => sum + ms, 0)) * 1_000,
    refused: refused / claims,
    highest: Math.max(...measured.map(({ highest }) => highest)),
  };
}

/** Claims as new visitors, each at a random manager, as a Service would choose. Milliseconds for all. */
async function claimAll({ token }: World, managers: ManagerProcess[], claims: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  let left = claims;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) {
        const manager = managers[Math.floor(Math.random() * managers.length)]!;
        const body = { visitor: `bench-visitor-${left}-${Math.random().toString(36).slice(2).padEnd(12, '0')}` };
        await requestJson({ ...call, agent, token, method: 'POST', url: manager.url + paths.terminals, body });
      }
    }),
  );
  const ms = performance.now() - startedAt;
  agent.destroy();
  return ms;
}

async function refusedPatches(managers: ManagerProcess[]): Promise<number> {
  const all = await Promise.all(managers.map(({ metrics }) => metrics()));
  const name = 'warmterm_kubernetes_requests_total{verb="PATCH",code="422"}';
  return all.reduce((sum, metrics) => sum + (metrics.get(name) ?? 0), 0);
}

const podsPath = ({ namespace }: World) => `/api/v1/namespaces/${namespace}/pods`;

async function claimedPods(world: World): Promise<string[]> {
  const path = `${podsPath(world)}?labelSelector=${labels.claimed}%3Dtrue`;
  type List = { items: { metadata: { name: string } }[] };
  return (await world.transport.request<List>({ method: 'GET', path })).items.map(({ metadata }) => metadata.name);
}

/** Deletes every claimed pod, so that the pool is refilled. */
async function endAll(world: World): Promise<void> {
  const names = (await claimedPods(world)).values();
  const deleteOneByOne = async () => {
    for (const name of names) {
      await world.transport.request({ method: 'DELETE', path: `${podsPath(world)}/${name}` });
    }
  };
  await Promise.all(Array.from({ length: deletionsAtOnce }, deleteOneByOne));
}
