import test from 'ava';
import { fillRoute } from '../../../manager/exposure/route-template.ts';
import { readIdentity } from '../../../manager/kubernetes/cluster.ts';
import {
  type RawPod,
  readNode,
  readPod,
  readPool,
  readQueue,
  readRoute,
  readService,
} from '../../../manager/kubernetes/objects.ts';
import { podState } from '../../../manager/model/observation.ts';
import { httpRouteTemplate, ingressTemplate, templateOf } from '../../helpers/route-templates.ts';

const meta = {
  name: 'python-12',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-01-02T03:03:50Z',
  labels: { 'warmterm.dev/pool': 'python', 'controller-revision-hash': 'python-7d9' },
};
const labelled = (claimed: string, annotations?: Record<string, string>): RawPod => ({
  metadata: {
    ...meta,
    labels: { ...meta.labels, 'warmterm.dev/claimed': claimed },
    ...(annotations && { annotations }),
  },
  spec: {
    nodeName: 'n',
    containers: [
      {},
      {
        ports: [
          { containerPort: 9 },
          { name: 'terminal', containerPort: 3_000 },
          { name: 'health', containerPort: 3_900 },
        ],
      },
    ],
  },
  status: {
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:03:57Z' }],
    podIP: '10.1.2.3',
  },
});
const claim = {
  'warmterm.dev/claim-id': 'c',
  'warmterm.dev/visitor': 'v',
  'warmterm.dev/address': 'a',
  'warmterm.dev/claimed-at': '2026-01-02T03:04:05.678Z',
};

test('objects: a pod has its ordinal, readiness and claim', (t) => {
  t.deepEqual(readPod(labelled('true', { ...claim, 'warmterm.dev/connected-at': '2026-01-02T03:04:06Z' })), {
    name: 'python-12',
    uid: 'u',
    pool: 'python',
    ordinal: 12,
    version: 7,
    node: 'n',
    podAddress: { host: '10.1.2.3', port: 3_000 },
    healthAddress: { host: '10.1.2.3', port: 3_900 },
    createdAt: 1_767_323_030_000,
    ready: true,
    readyChangedAt: 1_767_323_037_000,
    trouble: undefined,
    terminating: false,
    taken: true,
    retired: false,
    revision: 'python-7d9',
    claim: {
      id: 'c',
      visitor: 'v',
      address: 'a',
      claimedAt: 1_767_323_045_678,
      connectedAt: 1_767_323_046_000,
    },
    annotated: true,
  });
});

test('objects: of several owners, the controller counts', (t) => {
  const reference = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'python' };
  const ownerReferences = [
    { ...reference, uid: 'other' },
    { ...reference, uid: 'sts', controller: true },
  ];
  const owned = { ...meta, ownerReferences };
  t.is(readPod({ metadata: owned })?.owner, 'sts');
  t.is(readService({ metadata: owned, spec: {} })?.owner, 'sts');
  t.is(readQueue({ metadata: owned })?.owner, 'sts');
  t.false('owner' in readPod({ metadata: { ...meta, ownerReferences: ownerReferences.slice(0, 1) } })!);
});

test('objects: a pod that is not Ready has the reason', (t) => {
  const state = { waiting: { reason: 'ErrImagePull', message: 'no such image' } };
  const status = { conditions: [{ type: 'Ready', status: 'False' }], containerStatuses: [{ state }] };
  const pod = readPod({ ...labelled('false'), status });
  t.like(pod, {
    ready: false,
    readyChangedAt: undefined,
    trouble: { reason: 'ErrImagePull', message: 'no such image' },
  });
});

test('inv 1: objects: a pod is free only with the label "false" and no annotation of a claim', (t) => {
  t.false(readPod(labelled('false'))?.taken);
  t.true(readPod(labelled('true'))?.taken);
  t.true(readPod(labelled('False'))?.taken);
  t.true(readPod(labelled('false', claim))?.taken);
  t.true(readPod({ ...labelled('false'), metadata: meta })?.taken);
});

test('objects: a retired pod is neither free nor in use', (t) => {
  const pod = readPod(labelled('retired'))!;
  t.like(pod, { taken: true, retired: true });
  t.is(podState(pod), 'recreating');
  t.is(podState(readPod(labelled('retired', claim))!), 'in-use');
});

test('objects: a pod in a terminal phase has ended, and is neither ready nor in use', (t) => {
  for (const claimed of ['true', 'false']) {
    const { status, ...rest } = labelled(claimed, claimed === 'true' ? claim : {});
    const read = (phase?: string) => readPod({ ...rest, status: { ...status, ...(phase && { phase }) } })!;
    for (const phase of ['Failed', 'Succeeded']) {
      t.like(read(phase), { ended: phase, ready: false }, 'whatever its condition still says');
      t.is(podState(read(phase)), 'recreating');
    }
    for (const phase of ['Running', 'Pending', 'Unknown', undefined]) t.false('ended' in read(phase));
  }
});

test('objects: the revision of a pool is that of its current template', (t) => {
  const status = { observedGeneration: 3, updateRevision: 'python-8e0' };
  t.is(readPool({ metadata: { ...meta, generation: 3 }, spec: {}, status })?.revision, 'python-8e0');
  t.is(readPool({ metadata: { ...meta, generation: 4 }, spec: {}, status })?.revision, undefined);
  t.is(readPool({ metadata: meta, spec: {} })?.revision, undefined);
});

test('objects: a node has whether pods stay on it', (t) => {
  const conditions = (status: string) => ({ conditions: [{ type: 'Ready', status }] });
  const read = (spec: { unschedulable?: boolean }, status: object) => {
    const { cordoned, ready } = readNode({ metadata: meta, spec, status });
    return { cordoned, ready };
  };
  t.deepEqual(read({}, conditions('True')), { cordoned: false, ready: true });
  t.deepEqual(read({ unschedulable: true }, conditions('True')), { cordoned: true, ready: true });
  t.deepEqual(read({}, conditions('Unknown')), { cordoned: false, ready: false });
  t.deepEqual(read({}, conditions('False')), { cordoned: false, ready: false });
  t.deepEqual(read({}, {}), { cordoned: false, ready: false });
});

test('objects: a pod has an internal address once it has an IP and a port of the name', (t) => {
  const { metadata, spec, status } = labelled('false');
  t.is(readPod({ metadata, spec: spec!, status: { ...status, podIP: '' } })?.podAddress, undefined);
  t.is(
    readPod({ metadata, spec: { containers: [{ ports: [{ containerPort: 9 }] }] }, status: status! })?.podAddress,
    undefined,
  );
});

test('inv 6: objects: an invalid claim time counts as long past', (t) => {
  t.is(readPod(labelled('true', { ...claim, 'warmterm.dev/claimed-at': 'noon' }))?.claim?.claimedAt, 0);
});

test('objects: ignores pods that are not numbered members of a pool', (t) => {
  t.is(readPod({ metadata: { ...meta, name: 'python' } }), undefined);
  t.is(readPod({ metadata: { ...meta, labels: {} } }), undefined);
  t.is(readService({ metadata: { ...meta, name: 'webserver' }, spec: {} }), undefined);
  t.is(readPool({ metadata: { ...meta, deletionTimestamp: 'now' }, spec: {} }), undefined);
});

test('objects: a route has its address, and whether it matches the template', (t) => {
  const ingress = templateOf(ingressTemplate);
  const written = fillRoute(ingress, { name: 'python-12', pool: 'python', ordinal: 12 });
  const found = { metadata: { ...meta, ...written.metadata }, spec: written.spec };
  const read = {
    name: 'python-12',
    uid: 'u',
    pool: 'python',
    ordinal: 12,
    address: { protocol: 'https' as const, host: 'python-12.terminals.test', port: 443 },
    asTemplate: true,
  };
  t.deepEqual(readRoute(found, ingress), read);
  t.deepEqual(readRoute({ ...found, spec: { ...written.spec, ingressClassName: 'nginx' } }, ingress), read);
  const elsewhere = JSON.parse(JSON.stringify(found).replaceAll('python-12.terminals', 'elsewhere'));
  t.like(readRoute(elsewhere, ingress), { address: { host: 'elsewhere.test' }, asTemplate: false });
  t.like(readRoute({ ...found, spec: {} }, ingress), { address: undefined, asTemplate: false });
  t.like(readRoute({ ...found, metadata: { ...found.metadata, annotations: {} } }, ingress), { asTemplate: false });
  t.is(readRoute({ ...found, metadata: { ...found.metadata, deletionTimestamp: 'now' } }, ingress), undefined);

  const gateway = templateOf(httpRouteTemplate, 'http');
  const route = fillRoute(gateway, { name: 'python-12', pool: 'python', ordinal: 12 });
  t.like(readRoute({ metadata: { ...meta, ...route.metadata }, spec: route.spec }, gateway), {
    address: { protocol: 'http', host: '12.python.terminals.test', port: 80 },
    asTemplate: true,
  });
});

test('objects: the address of a node is its ExternalIP, else InternalIP, else Hostname', (t) => {
  const addresses = ['Hostname', 'InternalIP', 'ExternalIP'].map((type) => ({ type, address: type }));
  const host = (count: number) => readNode({ metadata: meta, status: { addresses: addresses.slice(0, count) } }).host;
  t.deepEqual([3, 2, 1, 0].map(host), ['ExternalIP', 'InternalIP', 'Hostname', undefined]);
});

const extra = { 'authentication.kubernetes.io/pod-name': ['web-1'], 'authentication.kubernetes.io/pod-uid': ['uid-1'] };
const review = {
  authenticated: true,
  audiences: ['warmterm-manager'],
  user: { username: 'system:serviceaccount:ns:web', extra },
};

test('inv 7: objects: a token identifies a service account of the namespace, and the pod it is bound to', (t) => {
  t.deepEqual(readIdentity(review, 'ns'), { serviceAccount: 'web', pod: { name: 'web-1', uid: 'uid-1' } });
  t.deepEqual(readIdentity({ ...review, user: { ...review.user, extra: {} } }, 'ns')?.pod, undefined);
});

for (const [what, status] of Object.entries({
  'not authenticated': { ...review, authenticated: false },
  'meant for another audience': { ...review, audiences: ['https://kubernetes.default.svc'] },
  'reviewed for no audience': { ...review, audiences: [] },
  'reviewed by an authenticator that knows no audiences': { authenticated: true, user: review.user },
  'from another namespace': { ...review, user: { username: 'system:serviceaccount:other:web' } },
  'a person': { ...review, user: { username: 'admin' } },
})) {
  test(`inv 7: objects: a token that is ${what} identifies no caller`, (t) => {
    t.is(readIdentity(status, 'ns'), undefined);
  });
}

test('objects: a deleted pod waits for its node once all of its containers have ended', (t) => {
  const at = '2026-01-02T03:04:05Z';
  const { metadata } = labelled('true');
  const going = { ...metadata, deletionTimestamp: at, deletionGracePeriodSeconds: 30 };
  const ended = { state: { terminated: { exitCode: 0 } } };
  const held = (meta: RawPod['metadata'], ...containerStatuses: object[]) =>
    readPod({ metadata: meta, status: { containerStatuses } })?.heldSince;
  t.is(held(going, ended, ended), Date.parse(at));
  t.is(held(going, ended, { state: {} }), undefined, 'one still runs');
  t.is(held(going), undefined, 'nothing is known of its containers');
  t.is(held(metadata, ended), undefined, 'nobody has deleted it');
  t.is(held({ ...going, deletionGracePeriodSeconds: 0 }, ended), undefined, 'it was removed by force already');
});

test('objects: a Service names the terminal that ended last, and invalid values are ignored', (t) => {
  const end = {
    reason: 'idle',
    idleMs: 5,
    name: 'p-1',
    claimedAt: '2026-01-01T00:00:00.000Z',
    visitor: 'v'.repeat(43),
  };
  const read = (text: string) =>
    readService({ metadata: { ...meta, annotations: { 'warmterm.dev/last-end': text } }, spec: {} })?.lastEnd;
  t.deepEqual(read(JSON.stringify(end)), end as never);
  for (const text of ['', 'nonsense', '{}', 'null', JSON.stringify({ ...end, reason: 'because' })])
    t.is(read(text), undefined, text);
});
