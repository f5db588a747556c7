import test from 'ava';
import type { Amounts, NodeCapacity, PodNeeds, Quota } from '../../../manager/model/capacity.ts';
import type { ExposureMode, ObservedNode, ObservedPod } from '../../../manager/model/observation.ts';
import { Pool } from '../../../manager/model/pool.ts';
import { assessFit } from '../../../manager/workshops/fit.ts';

const gib = 2 ** 30;
const course = { name: 'course', from: '2027-01-12T09:00Z', to: '2027-01-12T12:00Z', ready: 40 };

type Drawn = { windows?: object[]; max?: number; needs?: Partial<PodNeeds>; pods?: number; node?: string };

function drawPool(name: string, { windows = [], max = 50, needs = {}, pods = 0, node = 'n' }: Drawn): Pool {
  const pool = new Pool(name);
  pool.observeSpec({
    name,
    statefulSet: name,
    uid: name,
    version: 1,
    createdAt: 0,
    replicas: pods,
    revision: undefined,
    annotations: { 'warmterm.dev/max': String(max), 'warmterm.dev/prewarm': JSON.stringify(windows) },
    needs: {
      requests: { cpu: 0.1, memory: gib / 4 },
      limits: { memory: gib / 2 },
      nodeSelector: {},
      tolerations: [],
      ...needs,
    },
  });
  for (let ordinal = 0; ordinal < pods; ordinal++) {
    pool.observePod({
      name: `${name}-${ordinal}`,
      uid: `${name}-${ordinal}`,
      pool: name,
      ordinal,
      node,
      version: 1,
    } as ObservedPod);
    pool.observeService({ name: `${name}-${ordinal}`, uid: 's', pool: name, ordinal, nodePort: 30_000 + ordinal });
  }
  return pool;
}

const drawNode = (
  name: string,
  allocatable: Amounts | undefined,
  rest: Partial<NodeCapacity & ObservedNode> = {},
): ObservedNode => {
  const { labels = {}, taints = [], cordoned = false, ready = true } = rest;
  return { name, host: '192.0.2.1', cordoned, ready, capacity: { allocatable, labels, taints } };
};
const big = drawNode('n', { cpu: 64, memory: 256 * gib, pods: 110 });

const drawQuota = (hard: Amounts, used: Amounts = {}, scoped = false): Quota => ({ name: 'small', hard, used, scoped });

type Case = {
  says: string;
  pool?: Drawn;
  other?: Drawn;
  nodes?: ObservedNode[];
  quotas?: Quota[] | undefined;
  neighbours?: { node: string; requests: Amounts }[];
  exposure?: ExposureMode;
  fits: string;
};

const judged = test.macro<[Case]>({
  title: (_, { says, fits }) => `${says}: ${fits}`,
  exec(t, given) {
    const { pool: drawn, other, nodes = [big], neighbours = [], exposure = 'nodePort', fits } = given;
    const pool = drawPool('p', { windows: [course], ...drawn });
    const pools = [pool, ...(other ? [drawPool('other', other)] : [])];
    const capacity = { quotas: 'quotas' in given ? given.quotas : [], neighbours };
    const [occurrence] = pool.schedule.ahead(0);
    const fit = assessFit(occurrence!, pool, { pools, nodes, capacity, exposure });
    t.is([fit.fits, ...fit.why].join('; '), fits);
  },
});

test(judged, { says: 'forty where there is room', fits: 'yes' });
test(judged, { says: 'max is less', pool: { max: 30 }, fits: 'no; max is 30' });
test(judged, {
  says: 'another window at the same time is too much',
  pool: {
    windows: [course, { ...course, name: 'other', from: '2027-01-12T11:30Z', to: '2027-01-12T13:00Z', ready: 11 }],
  },
  fits: 'no; max is 50',
});
test(judged, {
  says: 'another window after it is not',
  pool: {
    windows: [course, { ...course, name: 'other', from: '2027-01-12T12:00Z', to: '2027-01-12T13:00Z', ready: 11 }],
  },
  fits: 'yes',
});

test(judged, {
  says: 'a quota of pods',
  quotas: [drawQuota({ pods: 30 })],
  fits: 'no; the quota small has room for 30 (pods)',
});
test(judged, {
  says: 'a quota that is used by others',
  quotas: [drawQuota({ pods: 42 }, { pods: 3 })],
  fits: 'no; the quota small has room for 39 (pods)',
});
test(judged, {
  says: 'a quota that the pool itself uses',
  pool: { pods: 3 },
  quotas: [drawQuota({ pods: 42 }, { pods: 5 })],
  fits: 'yes',
});
test(judged, {
  says: 'a quota of CPU, to the last',
  quotas: [drawQuota({ 'requests.cpu': 4, cpu: 4.05 })],
  fits: 'yes',
});
test(judged, {
  says: 'quotas of requests, limits and ports',
  quotas: [
    drawQuota(
      { 'requests.memory': 5 * gib, 'limits.memory': 10 * gib, 'services.nodeports': 12, persistentvolumeclaims: 0 },
      { 'services.nodeports': 2 },
    ),
  ],
  fits: 'no; the quota small has room for 20 (requests.memory); the quota small has room for 20 (limits.memory); the quota small has room for 10 (services.nodeports)',
});
test(judged, {
  says: 'a quota of node ports, where none is needed',
  exposure: 'ingress',
  quotas: [drawQuota({ 'services.nodeports': 0 })],
  fits: 'yes',
});
test(judged, {
  says: 'a quota that is full',
  quotas: [drawQuota({ pods: 5 }, { pods: 9 })],
  fits: 'no; the quota small has room for 0 (pods)',
});
test(judged, {
  says: 'a quota that another pool shares, which has a window then',
  other: { windows: [{ ...course, ready: 15 }], pods: 4 },
  quotas: [drawQuota({ pods: 50 }, { pods: 4 })],
  fits: 'no; the quota small has room for 35 (pods)',
});
test(judged, {
  says: 'a quota that another pool uses more of than it has reserved',
  other: { pods: 20 },
  quotas: [drawQuota({ pods: 50 }, { pods: 20 })],
  fits: 'no; the quota small has room for 30 (pods)',
});
test(judged, {
  says: 'quotas that may not be read',
  quotas: undefined,
  fits: 'unknown; the manager may not read the quotas',
});
test(judged, {
  says: 'a quota for some pods',
  quotas: [drawQuota({ pods: 1 }, {}, true)],
  fits: 'unknown; the quota small applies to some pods only',
});
test(judged, {
  says: 'what is known to be too little, beside what is not known',
  pool: { max: 3 },
  quotas: undefined,
  fits: 'no; max is 3',
});

const tight = 'no; the current nodes have room for';
test(judged, {
  says: 'nodes with too little memory',
  nodes: [
    drawNode('n', { cpu: 64, memory: 4 * gib, pods: 110 }),
    drawNode('m', { cpu: 64, memory: 5 * gib, pods: 110 }),
  ],
  fits: `${tight} 36`,
});
test(judged, {
  says: 'a node for few pods',
  nodes: [drawNode('n', { cpu: 64, memory: 256 * gib, pods: 30 })],
  fits: `${tight} 30`,
});
test(judged, {
  says: 'nodes that are cordoned or not Ready',
  nodes: [
    big,
    drawNode('m', big.capacity!.allocatable, { cordoned: true }),
    drawNode('d', big.capacity!.allocatable, { ready: false }),
  ],
  pool: { windows: [{ ...course, ready: 120 }], max: 200 },
  fits: `${tight} 110`,
});
test(judged, {
  says: 'neighbours on the node',
  nodes: [drawNode('n', { cpu: 4, memory: 256 * gib, pods: 110 })],
  neighbours: [
    { node: 'n', requests: { cpu: 1 } },
    { node: 'm', requests: { cpu: 4 } },
  ],
  fits: `${tight} 30`,
});
test(judged, {
  says: 'terminals of another pool on the node',
  nodes: [drawNode('n', { cpu: 4, memory: 256 * gib, pods: 110 })],
  other: { pods: 5, needs: { requests: { cpu: 0.2 } } },
  fits: `${tight} 30`,
});
test(judged, {
  says: 'its own terminals on the node',
  nodes: [drawNode('n', { cpu: 4, memory: 256 * gib, pods: 110 })],
  pool: { pods: 30 },
  fits: 'yes',
});
test(judged, {
  says: 'a device that no node has',
  pool: { needs: { requests: { 'example.org/gpu': 1 } } },
  fits: `${tight} 0`,
});
const workshop = { nodeSelector: { workshop: 'yes' } };
test(judged, { says: 'no node that is selected', pool: { needs: workshop }, fits: `${tight} 0` });
test(judged, {
  says: 'a node that is selected',
  pool: { needs: workshop },
  nodes: [drawNode('n', big.capacity!.allocatable, { labels: { workshop: 'yes' } })],
  fits: 'yes',
});
const taints = [{ key: 'workshop', value: 'git', effect: 'NoSchedule' }];
const tainted = [drawNode('n', big.capacity!.allocatable, { taints })];
test(judged, { says: 'a taint', nodes: tainted, fits: `${tight} 0` });
for (const [toleration, fits] of [
  [{ key: 'workshop', operator: 'Exists' }, 'yes'],
  [{ operator: 'Exists' }, 'yes'],
  [{ key: 'workshop', value: 'git' }, 'yes'],
  [{ key: 'workshop', value: 'git', effect: 'NoSchedule' }, 'yes'],
  [{ key: 'workshop', value: 'git', effect: 'NoExecute' }, `${tight} 0`],
  [{ key: 'workshop', value: 'go' }, `${tight} 0`],
  [{ key: 'other', operator: 'Exists' }, `${tight} 0`],
] as const) {
  test(judged, {
    says: `a taint, and ${JSON.stringify(toleration)}`,
    nodes: tainted,
    pool: { needs: { tolerations: [toleration] } },
    fits,
  });
}
test(judged, {
  says: 'nodes that do not tell',
  nodes: [big, drawNode('m', undefined)],
  fits: 'unknown; not every node reports its capacity',
});

const crowd = { windows: [{ ...course, ready: 2_700 }], max: 10_000, needs: { requests: {} } };
const fields = [drawNode('n', { pods: 10_000 })];
test(judged, {
  says: 'more than there are node ports',
  pool: crowd,
  other: { pods: 69 },
  nodes: fields,
  fits: 'no; a cluster has 2768 node ports',
});
test(judged, { says: 'as many as there are node ports', pool: crowd, other: { pods: 68 }, nodes: fields, fits: 'yes' });
test(judged, {
  says: 'more than there are node ports, where none is needed',
  pool: crowd,
  other: { pods: 69 },
  nodes: fields,
  exposure: 'ingress',
  fits: 'yes',
});
