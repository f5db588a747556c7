// The pure parts of the API: selectors, patches, schemas, ages, paths, history.

import test from 'ava';
import type { Stored } from '../../../../local/kubernetes/api/objects.ts';
import { readPatch } from '../../../../local/kubernetes/api/patch.ts';
import { parsePath, pods, secrets } from '../../../../local/kubernetes/api/resources.ts';
import { check } from '../../../../local/kubernetes/api/schemas.ts';
import { parseFieldSelector, parseLabelSelector } from '../../../../local/kubernetes/api/selectors.ts';
import { ApiError } from '../../../../local/kubernetes/api/status.ts';
import { Store } from '../../../../local/kubernetes/api/store.ts';
import { age } from '../../../../local/kubernetes/api/table.ts';
import { startWatch, typeFor } from '../../../../local/kubernetes/api/watch.ts';

const labels = { app: 'web', tier: 'front', 'warmterm.dev/claimed': 'false', empty: '' };
for (const [text, expected] of [
  ['', true],
  ['app=web', true],
  ['app==web,tier=front', true],
  ['app=other', false],
  ['app!=web', false],
  ['absent!=x', true],
  ['app in (web, other)', true],
  ['app notin (web)', false],
  ['absent notin (web)', true],
  ['app', true],
  ['!app', false],
  ['!absent , app', true],
  ['warmterm.dev/claimed=false', true],
  ['empty=', true],
  ['tier in (back),app=web', false],
] as const) {
  test(`label selector: "${text}" ${expected ? 'matches' : 'does not match'}`, (t) => {
    t.is(parseLabelSelector(text)(labels), expected);
  });
}

for (const text of ['a===b', 'a in b', 'a b', '=a', '!', 'a in (b']) {
  test(`label selector: "${text}" is refused`, (t) => {
    t.is(t.throws(() => parseLabelSelector(text), { instanceOf: ApiError }).code, 400);
  });
}

test('field selector: accepts only the fields of the kind', (t) => {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'local' },
  } as unknown as Stored;
  t.true(parseFieldSelector(pods, 'metadata.name=p,spec.nodeName==local,status.phase!=Running')(pod));
  t.false(parseFieldSelector(pods, 'metadata.namespace=other')(pod));
  t.is(t.throws(() => parseFieldSelector(secrets, 'spec.nodeName=a'), { instanceOf: ApiError }).code, 400);
});

for (const [title, patch, expected] of [
  ['add', [{ op: 'add', path: '/a', value: 1 }], { a: 1, b: { c: 'd' } }],
  ['replace of an absent key of a map', [{ op: 'replace', path: '/b/x', value: 1 }], { b: { c: 'd', x: 1 } }],
  ['test for null of an absent key', [{ op: 'test', path: '/x', value: null }], { b: { c: 'd' } }],
  ['move', [{ op: 'move', from: '/b/c', path: '/e' }], { b: {}, e: 'd' }],
  ['an escaped path', [{ op: 'add', path: '/b/x~1y~0z', value: 1 }], { b: { c: 'd', 'x/y~z': 1 } }],
  ['a failing test', [{ op: 'test', path: '/b/c', value: 'x' }], 422],
  ['remove of an absent key', [{ op: 'remove', path: '/x' }], 422],
  ['a path under nothing', [{ op: 'add', path: '/x/y', value: 1 }], 422],
  ['no operation', ['x'], 422],
  ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 422],
  ['no list', { op: 'add' }, 400],
] as const) {
  test(`JSON Patch: ${title}`, (t) => {
    const apply = () => readPatch('application/json-patch+json', JSON.stringify(patch))({ b: { c: 'd' } });
    if (typeof expected === 'number') t.is(t.throws(apply, { instanceOf: ApiError }).code, expected);
    else t.deepEqual(apply(), expected);
    t.false('polluted' in {});
  });
}

test('merge patch: removes with null, replaces other values', (t) => {
  const merge = (patch: object) =>
    readPatch('application/merge-patch+json', JSON.stringify(patch))({ a: 1, b: { c: [1], d: 2 } });
  t.deepEqual(merge({ a: null, b: { c: [2, 3], e: { f: null } } }), { b: { c: [2, 3], d: 2, e: {} } });
  t.deepEqual(merge({ b: 'x' }), { a: 1, b: 'x' });
});

test('strategic merge patch: merges maps, refuses lists', (t) => {
  const strategic = (body: string) => readPatch('application/strategic-merge-patch+json', body);
  t.deepEqual(strategic('{"a":{"b":null,"c":1}}')({ a: { b: 1 }, d: 1 }), { a: { c: 1 }, d: 1 });
  const lists = '{"spec":{"containers":[{"name":"a","image":"y"}]}}';
  t.is(t.throws(() => strategic(lists), { instanceOf: ApiError }).code, 415);
});

const statefulSet = (change: object) => ({
  metadata: { name: 'web', uid: 'u', resourceVersion: '', creationTimestamp: '' },
  spec: {
    podManagementPolicy: 'Parallel',
    updateStrategy: { type: 'OnDelete' },
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...change,
  },
});

test('schema: fills in defaults, keeps unknown fields', (t) => {
  t.like(check('StatefulSet', statefulSet({ unknown: 'kept' })), {
    spec: { replicas: 1, unknown: 'kept', template: { spec: { restartPolicy: 'Always' } } },
  });
});

for (const [field, change] of [
  ['spec.podManagementPolicy', { podManagementPolicy: 'OrderedReady' }],
  ['spec.updateStrategy.type', { updateStrategy: { type: 'RollingUpdate' } }],
  ['spec.volumeClaimTemplates', { volumeClaimTemplates: [{}] }],
  ['spec.replicas', { replicas: '2' }],
  ['spec', { selector: { matchLabels: { app: 'other' } } }],
] as const) {
  test(`schema: names the field ${field} of an unsupported StatefulSet`, (t) => {
    const error = t.throws(() => check('StatefulSet', statefulSet(change)), { instanceOf: ApiError });
    t.like(error, { code: 422, details: { causes: [{ field }] } });
  });
}

for (const [field, part] of [
  ['startupProbe', { startupProbe: { httpGet: { port: 1 } } }],
  ['envFrom', { envFrom: [{ secretRef: { name: 's' } }] }],
  ['lifecycle', { lifecycle: {} }],
  ['readinessProbe.httpGet', { readinessProbe: { exec: { command: ['x'] } } }],
  ['command', { command: 'x' }],
] as const) {
  test(`schema: names the field ${field} of an unsupported container`, (t) => {
    const spec = { containers: [{ name: 'c', image: 'i', ...part }] };
    const error = t.throws(() => check('Pod', { ...statefulSet({}), spec }), { instanceOf: ApiError });
    t.like(error, { code: 422, details: { causes: [{ field: `spec.containers[0].${field}` }] } });
  });
}

for (const [seconds, expected] of [
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [599, '9m59s'],
  [600, '10m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [11_100, '3h5m'],
  [28_800, '8h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [176_400, '2d1h'],
  [864_000, '10d'],
] as const) {
  test(`age: ${seconds} s is ${expected}`, (t) => {
    const now = Date.parse('2026-11-21T00:00:00Z');
    t.is(age(new Date(now - seconds * 1_000).toISOString(), now), expected);
  });
}

for (const [path, expected] of [
  ['/api/v1/pods', { plural: 'pods' }],
  ['/api/v1/namespaces/n/pods/p', { plural: 'pods', namespace: 'n', name: 'p' }],
  ['/api/v1/namespaces/n/pods/p/log', { plural: 'pods', namespace: 'n', name: 'p', subresource: 'log' }],
  ['/api/v1/namespaces/n', { plural: 'namespaces', name: 'n' }],
  [
    '/apis/apps/v1/namespaces/n/statefulsets/s/scale',
    { plural: 'statefulsets', namespace: 'n', name: 's', subresource: 'scale' },
  ],
  ['/apis/apps/v1/namespaces/n/pods', undefined],
  ['/api/v1/namespaces/n/pods/p/exec', undefined],
  ['/api/v1/pods/p', undefined],
  ['/api/v2/pods', undefined],
  ['/', undefined],
] as const) {
  test(`path: ${path} is ${expected ? JSON.stringify(expected) : 'unknown'}`, (t) => {
    const target = parsePath(path);
    t.deepEqual(
      target && { ...target, resource: undefined, plural: target.resource.plural },
      expected && ({ ...expected, resource: undefined } as never),
    );
  });
}

const secret = (name: string, more: object = {}): Stored =>
  ({
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { name, namespace: 'n', uid: name, resourceVersion: '', creationTimestamp: '', ...more },
  }) as Stored;

test('store: drops the oldest changes; a watch from before them ends with 410', (t) => {
  const store = new Store(10);
  const first = store.put(secrets, secret('a'));
  for (let n = 0; n < 30; n++) store.put(secrets, secret('a', { annotations: { n: String(n) } }));
  t.is(store.since(secrets, Number(first.metadata.resourceVersion)), undefined);
  t.is(store.since(secrets, store.revision - 10)?.length, 10);
  const lines: string[] = [];
  let ended = false;
  const sink = {
    write: (line: string) => lines.push(line),
    end: () => {
      ended = true;
    },
  };
  startWatch(store, { resource: secrets, match: () => true, from: 1, bookmarks: false, timeoutMs: 1_000 }, sink);
  t.true(ended);
  t.like(JSON.parse(lines[0]!), { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
});

test('watch: a change of labels adds an object to a selection or deletes it', (t) => {
  const match = ({ metadata }: Stored) => metadata.labels?.a === 'b';
  const [plain, marked] = [secret('s'), secret('s', { labels: { a: 'b' } })];
  const of = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Stored, previous?: Stored) =>
    typeFor({ type, revision: 1, object, ...(previous && { previous }) }, match);
  t.is(of('ADDED', marked), 'ADDED');
  t.is(of('ADDED', plain), undefined);
  t.is(of('MODIFIED', marked, plain), 'ADDED');
  t.is(of('MODIFIED', marked, marked), 'MODIFIED');
  t.is(of('MODIFIED', plain, marked), 'DELETED');
  t.is(of('MODIFIED', plain, plain), undefined);
  t.is(of('DELETED', marked, marked), 'DELETED');
  t.is(of('DELETED', plain, plain), undefined);
});
