// Whether a window's seats fit into the cluster, as far as the manager can see. Pure. It does not see pods and node ports of other
// namespaces, nodes that would be added, or affinities. A "no" applies to the current cluster, and a "yes" may be wrong.

import type { Amounts, Capacity, Fit, PodNeeds, PortShortage } from '../model/capacity.ts';
import type { ExposureMode, ObservedNode } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import type { Occurrence } from '../model/windows.ts';
import { reservedDuring } from './prewarm.ts';

export type Surroundings = {
  pools: readonly Pool[];
  nodes: readonly ObservedNode[];
  capacity: Capacity;
  exposure: ExposureMode;
};

/** The size of Kubernetes' default range of node ports: 30000 to 32767. */
const nodePorts = 2_768;

const noNeeds: PodNeeds = { requests: {}, limits: {}, nodeSelector: {}, tolerations: [] };
const needsOf = (pool: Pool): PodNeeds => pool.spec?.needs ?? noNeeds;
const countPodsOf = (pool: Pool): number => [...pool.pods()].length;

export function assessFit(occurrence: Occurrence, pool: Pool, around: Surroundings): Fit {
  const { from, to } = occurrence;
  const window = occurrence.window.name;
  const terminals = reservedDuring(pool.schedule.windows, from, to);
  // Count the other pools with the seats that they reserve at that time, or with their current size if that is larger.
  const others = around.pools
    .filter((one) => one !== pool)
    .map((one) => ({ pool: one, size: Math.max(reservedDuring(one.schedule.windows, from, to), countPodsOf(one)) }));
  const { max } = pool.settings;
  const against = [
    ...(terminals > max ? [`max is ${max}`] : []),
    ...refusingQuotas(pool, terminals, others, around),
    ...refusingNodes(pool, terminals, others, around),
    ...refusingPorts(terminals, others, around),
  ];
  const unclear = [...unclearQuotas(around.capacity), ...unclearNodes(around.nodes)];
  if (against.length > 0) return { window, from, fits: 'no', terminals, why: against };
  return { window, from, fits: unclear.length > 0 ? 'unknown' : 'yes', terminals, why: unclear };
}

/** The results for the windows that are not over. */
export const fitsNow = (pool: PoolFacts): Fit[] =>
  pool.schedule.next(pool.now).flatMap(({ window, from }) => {
    const fit = pool.fits.get(window);
    return fit?.from === from ? [fit] : [];
  });

export const describeTime = ({ window, from }: Fit) => `${window} of ${new Date(from).toISOString().slice(0, 16)}Z`;
export const describeSize = ({ terminals }: Fit) => `${terminals} ${terminals === 1 ? 'terminal' : 'terminals'}`;

/** Whether the sum of the pools' `max` exceeds the available node ports. */
export function findPortShortage(
  pools: readonly Pool[],
  quotas: NonNullable<Capacity['quotas']>,
): PortShortage | undefined {
  const max = pools.reduce((sum, { settings }) => sum + settings.max, 0);
  const own = pools.reduce((sum, pool) => sum + [...pool.services()].length, 0);
  const limits = [
    { ports: nodePorts, limit: `a cluster has ${nodePorts} by default` },
    ...quotas.flatMap(({ name, hard, used, scoped }) =>
      ['services.nodeports', 'services', 'count/services'].flatMap((resource) => {
        const limit = hard[resource];
        if (limit === undefined || scoped) return [];
        const others = Math.max(0, (used[resource] ?? own) - own);
        return [{ ports: Math.max(0, limit - others), limit: `quota ${name}: ${resource}` }];
      }),
    ),
  ];
  const least = limits.reduce((a, b) => (b.ports < a.ports ? b : a));
  return max > least.ports ? { max, ...least } : undefined;
}

type Others = readonly { pool: Pool; size: number }[];

function refusingQuotas(pool: Pool, terminals: number, others: Others, { capacity, exposure }: Surroundings): string[] {
  const refusals: string[] = [];
  for (const { name, hard, used, scoped } of capacity.quotas ?? []) {
    if (scoped) continue;
    for (const [resource, limit] of Object.entries(hard)) {
      const each = (one: Pool) => amountOf(resource, needsOf(one), exposure);
      if (each(pool) === 0) continue;
      const isOfServices = resource.includes('services');
      const present = (one: Pool) => (isOfServices ? [...one.services()].length : countPodsOf(one));
      let left = limit - (used[resource] ?? 0) + each(pool) * present(pool);
      for (const { pool: one, size } of others) left += each(one) * (present(one) - size);
      const fitting = Math.max(0, whole(left / each(pool)));
      if (fitting < terminals) refusals.push(`the quota ${name} has room for ${fitting} (${resource})`);
    }
  }
  return refusals;
}

/** Rounds down, with a tolerance: sums of decimal fractions come out slightly too small. */
const whole = (amount: number): number => Math.floor(amount + 1e-6);

/** What one terminal uses of a resource, which is named as in a quota. */
function amountOf(resource: string, { requests, limits }: PodNeeds, exposure: ExposureMode): number {
  if (['pods', 'count/pods', 'services', 'count/services'].includes(resource)) return 1;
  if (resource === 'services.nodeports') return exposure === 'nodePort' ? 1 : 0;
  const [, kind, name] = /^(requests|limits)\.(.+)$/.exec(resource) ?? [];
  return (kind === 'limits' ? limits[name ?? ''] : requests[name ?? resource]) ?? 0;
}

const open = (nodes: readonly ObservedNode[]) => nodes.filter(({ cordoned, ready }) => ready && !cordoned);

const tells = ({ capacity }: ObservedNode): boolean => capacity?.allocatable !== undefined;

function refusingNodes(pool: Pool, terminals: number, others: Others, { nodes, capacity }: Surroundings): string[] {
  const needs = needsOf(pool);
  const fitting = open(nodes).filter((node) => takes(node, needs));
  if (!fitting.every(tells)) return [];
  const places = fitting.map((node) => {
    const taken = [...capacity.neighbours.filter((one) => one.node === node.name).map(({ requests }) => requests)];
    for (const { pool: one } of others) {
      for (const pod of one.pods()) if (pod.node === node.name) taken.push(needsOf(one).requests);
    }
    return placesOn(node.capacity?.allocatable, needs.requests, taken);
  });
  const sum = places.reduce((total, count) => total + count, 0);
  return sum < terminals ? [`the current nodes have room for ${sum}`] : [];
}

/** How many pods fit onto a node with `taken` in use. 0 if the node does not report its capacity. */
function placesOn(allocatable: Amounts | undefined, requests: Amounts, taken: readonly Amounts[]): number {
  if (!allocatable) return 0;
  const pods = (allocatable.pods ?? Number.POSITIVE_INFINITY) - taken.length;
  const byResource = Object.entries(requests)
    .filter(([, amount]) => amount > 0)
    .map(([name, amount]) => {
      const left = taken.reduce((rest, one) => rest - (one[name] ?? 0), allocatable[name] ?? 0);
      return whole(left / amount);
    });
  return Math.max(0, Math.min(pods, ...byResource));
}

/** Whether the pod's selector and the node's taints permit the pod on the node. */
function takes({ capacity }: ObservedNode, { nodeSelector, tolerations }: PodNeeds): boolean {
  if (!capacity) return true;
  const selected = Object.entries(nodeSelector).every(([key, value]) => capacity.labels[key] === value);
  return (
    selected &&
    capacity.taints.every((taint) =>
      tolerations.some(
        ({ key, operator = 'Equal', value = '', effect }) =>
          (effect === undefined || effect === '' || effect === taint.effect) &&
          (key === undefined || key === '' ? operator === 'Exists' : key === taint.key) &&
          (operator === 'Exists' || value === (taint.value ?? '')),
      ),
    )
  );
}

function refusingPorts(terminals: number, others: Others, { exposure }: Surroundings): string[] {
  const ports = others.reduce((sum, { size }) => sum + size, terminals);
  return exposure === 'nodePort' && ports > nodePorts ? [`a cluster has ${nodePorts} node ports`] : [];
}

function unclearQuotas({ quotas }: Capacity): string[] {
  if (!quotas) return ['the manager may not read the quotas'];
  return quotas.filter(({ scoped }) => scoped).map(({ name }) => `the quota ${name} applies to some pods only`);
}

const unclearNodes = (nodes: readonly ObservedNode[]): string[] =>
  open(nodes).every(tells) ? [] : ['not every node reports its capacity'];
