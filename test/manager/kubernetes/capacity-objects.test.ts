import test from 'ava';
import { parseQuantity, readNeeds, readNodeCapacity, readQuota } from '../../../manager/kubernetes/capacity-objects.ts';

for (const [text, expected] of [
  ['0', 0],
  ['2', 2],
  [3, 3],
  ['100m', 0.1],
  ['1.5', 1.5],
  ['.5', 0.5],
  ['1500u', 0.0015],
  ['64Mi', 64 * 2 ** 20],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['2k', 2_000],
  ['2e3', 2_000],
  ['1E', 1e18],
  ['1E2', 100],
  ['-1', -1],
  ['', undefined],
  ['Mi', undefined],
  ['64MB', undefined],
  ['1 Gi', undefined],
] as const) {
  test(`the quantity ${JSON.stringify(text)} is ${expected}`, (t) => t.is(parseQuantity(text), expected));
}

test('capacity: a pod needs the sum of its containers; a limit without a request counts as the request', (t) => {
  const needs = readNeeds({
    nodeSelector: { workshop: 'yes' },
    containers: [
      { resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1' } } },
      { resources: { limits: { cpu: '200m', memory: '1Gi' } } },
      {},
    ],
  });
  t.deepEqual(needs, {
    requests: { cpu: 0.25, memory: 96 * 2 ** 20 + 2 ** 30 },
    limits: { cpu: 1.2, memory: 2 ** 30 },
    nodeSelector: { workshop: 'yes' },
    tolerations: [],
  });
});

test('capacity: reads the allocatable resources and taints of a node, and skips the stand-in node', (t) => {
  const taints = [
    { key: 'workshop', effect: 'NoSchedule' },
    { key: 'slow', effect: 'PreferNoSchedule' },
  ];
  const status = { allocatable: { cpu: '3920m', pods: '110', 'example.org/odd': 'odd' } };
  t.deepEqual(readNodeCapacity({ metadata: { labels: { zone: 'a' } }, spec: { taints }, status }), {
    allocatable: { cpu: 3.92, pods: 110 },
    labels: { zone: 'a' },
    taints: [taints[0]!],
  });
  t.is(readNodeCapacity({ metadata: {} }).allocatable, undefined);
});

test('capacity: reads the limits and scopes of a quota', (t) => {
  const quota = readQuota({
    metadata: { name: 'small' },
    spec: { hard: { pods: '10', 'requests.memory': '1Gi' } },
    status: { hard: { pods: '9' }, used: { pods: '4' } },
  });
  t.deepEqual(quota, {
    name: 'small',
    hard: { pods: 10, 'requests.memory': 2 ** 30 },
    used: { pods: 4 },
    scoped: false,
  });
  for (const spec of [{ scopes: ['BestEffort'] }, { scopeSelector: {} }]) {
    t.true(readQuota({ metadata: { name: 'q' }, spec }).scoped);
  }
});
