// StatefulSets (Parallel, OnDelete) and what belongs to them, on a hollow node.

import test, { type ExecutionContext } from 'ava';
import { type Body, mergePatch, openApi } from '../../../helpers/local-api.ts';
import { startTestCluster } from '../../../helpers/local-cluster.ts';

const setOf = (replicas: number): Body => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web' },
  spec: {
    replicas,
    serviceName: 'web',
    podManagementPolicy: 'Parallel',
    updateStrategy: { type: 'OnDelete' },
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
});

async function setUp(t: ExecutionContext, replicas: number) {
  const cluster = await startTestCluster(t, { node: 'hollow' });
  const api = await openApi(cluster.kubeconfig);
  const core = `/api/v1/namespaces/${cluster.namespace}`;
  const path = `/apis/apps/v1/namespaces/${cluster.namespace}/statefulsets/web`;
  const made = await cluster.create(setOf(replicas));
  const sets = api.watch(`/apis/apps/v1/statefulsets?watch=1`);
  const pods = api.watch(`${core}/pods?watch=1`);
  t.teardown(() => sets.stop());
  t.teardown(() => pods.stop());
  const status = (holds: (status: Body, spec: Body) => boolean) =>
    sets.until(({ object }) => holds(object.status, object.spec));
  await status(({ readyReplicas = 0 }) => readyReplicas === replicas);
  const names = async () =>
    (await api.call('GET', `${core}/pods`)).body.items.map(({ metadata }: Body) => metadata.name);
  const patch = (body: Body) => api.call('PATCH', path, body, mergePatch);
  return { cluster, api, core, path, made, sets, pods, status, names, patch };
}

test('set: creates pods from ordinal 0, with name, labels and owner', async (t) => {
  const { api, core, made, names, status } = await setUp(t, 3);
  t.deepEqual(await names(), ['web-0', 'web-1', 'web-2']);
  const { metadata, spec } = (await api.call('GET', `${core}/pods/web-1`)).body;
  const { object } = await status(({ readyReplicas }) => readyReplicas === 3);
  t.like(metadata.labels, {
    app: 'web',
    'statefulset.kubernetes.io/pod-name': 'web-1',
    'apps.kubernetes.io/pod-index': '1',
    'controller-revision-hash': object.status.updateRevision,
  });
  t.deepEqual(metadata.ownerReferences, [
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name: 'web',
      uid: made.metadata!.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  t.like(spec, { hostname: 'web-1', subdomain: 'web', nodeName: 'local' });
  t.like(object.status, { observedGeneration: 1, replicas: 3, currentReplicas: 3, updatedReplicas: 3 });
});

test('set: shrinks from the top, and grows again', async (t) => {
  const { names, patch, status } = await setUp(t, 4);
  await patch({ spec: { replicas: 2 } });
  await status(({ replicas, observedGeneration }) => replicas === 2 && observedGeneration === 2);
  t.deepEqual(await names(), ['web-0', 'web-1']);
  await patch({ spec: { replicas: 3 } });
  await status(({ readyReplicas, observedGeneration }) => readyReplicas === 3 && observedGeneration === 3);
  t.deepEqual(await names(), ['web-0', 'web-1', 'web-2']);
});

test('set: replaces a deleted pod', async (t) => {
  const { api, core, pods } = await setUp(t, 2);
  const { uid } = (await api.call('DELETE', `${core}/pods/web-0`)).body.metadata;
  const again = await pods.until(
    ({ type, object }) => type === 'ADDED' && object.metadata.name === 'web-0' && object.metadata.uid !== uid,
  );
  t.like(again.object.metadata, { name: 'web-0' });
});

test('inv 5: a new template replaces no pod; a deleted pod is replaced with the new template', async (t) => {
  const { api, core, names, patch, status, pods } = await setUp(t, 2);
  const before = (await api.call('GET', `${core}/pods/web-0`)).body.metadata;
  await patch({ spec: { template: { metadata: { annotations: { version: '2' } } } } });
  const { object } = await status(({ currentRevision, updateRevision }) => currentRevision !== updateRevision);
  t.is(before.labels['controller-revision-hash'], object.status.currentRevision);
  t.deepEqual(await names(), ['web-0', 'web-1']);
  t.is((await api.call('GET', `${core}/pods/web-0`)).body.metadata.uid, before.uid);
  await api.call('DELETE', `${core}/pods/web-0`);
  const { object: next } = await pods.until(
    ({ type, object }) => type === 'ADDED' && object.metadata.name === 'web-0' && object.metadata.uid !== before.uid,
  );
  t.is(next.metadata.labels['controller-revision-hash'], object.status.updateRevision);
  t.is(next.metadata.annotations.version, '2');
});

test('garbage: pods and Services are deleted with their set', async (t) => {
  const { api, core, path, cluster, made, pods, names } = await setUp(t, 2);
  const { name, uid } = made.metadata!;
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: name!, uid: uid! }];
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', ownerReferences },
    spec: { ports: [{ port: 80 }] },
  });
  const services = api.watch(`${core}/services?watch=1`);
  t.teardown(() => services.stop());
  await services.until(({ type }) => type === 'ADDED');
  await api.call('DELETE', path);
  for (const pod of ['web-0', 'web-1'])
    await pods.until(({ type, object }) => type === 'DELETED' && object.metadata.name === pod);
  t.is((await services.until(({ type }) => type === 'DELETED')).object.metadata.name, 's');
  t.deepEqual(await names(), []);
});

test('garbage: pods stay when their set is deleted with the policy Orphan', async (t) => {
  const { api, path, pods, sets, names } = await setUp(t, 2);
  await api.call('DELETE', path, { propagationPolicy: 'Orphan' });
  await sets.until(({ type }) => type === 'DELETED');
  await pods.until(({ object }) => object.metadata.name === 'web-1' && object.metadata.ownerReferences === undefined);
  t.deepEqual(await names(), ['web-0', 'web-1']);
});

test('set: created again while a former pod is ending, waits for its end', async (t) => {
  const { api, core, path, cluster, made, sets, pods } = await setUp(t, 2);
  const hold = (finalizers: string[] | null) =>
    api.call('PATCH', `${core}/pods/web-0`, { metadata: { finalizers } }, mergePatch);
  await hold(['test/hold']);
  await api.call('DELETE', path);
  await sets.until(({ type }) => type === 'DELETED');
  await pods.until(({ object: { metadata } }) => metadata.name === 'web-0' && metadata.deletionTimestamp);
  const { metadata } = await cluster.create(setOf(2));
  t.not(metadata!.uid, made.metadata!.uid);
  const isNew = (name: string) => pods.until(({ type, object }) => type === 'ADDED' && isOwned(object, name));
  const isOwned = (object: Body, name: string) =>
    object.metadata.name === name && object.metadata.ownerReferences[0].uid === metadata!.uid;
  // Ordinal 1 comes after ordinal 0, which fails until then.
  await hold(null);
  await isNew('web-0');
  await isNew('web-1');
  const { items } = (await api.call('GET', `${core}/events?fieldSelector=reason=FailedCreate`)).body;
  t.deepEqual(items, []);
});

test('set: adopts pods that it selects, releases pods that it no longer selects', async (t) => {
  const { api, core, path, cluster, sets, pods, status } = await setUp(t, 2);
  const before = (await api.call('GET', `${core}/pods/web-0`)).body.metadata;
  await api.call('DELETE', path, { propagationPolicy: 'Orphan' });
  await sets.until(({ type }) => type === 'DELETED');
  const again = await cluster.create(setOf(2));
  const adopted = await pods.until(
    ({ object }) =>
      object.metadata.ownerReferences?.[0].uid === again.metadata!.uid && object.metadata.name === 'web-0',
  );
  t.is(adopted.object.metadata.uid, before.uid);
  await api.call('PATCH', `${core}/pods/web-0`, { metadata: { labels: { app: 'quarantine' } } }, mergePatch);
  await pods.until(({ object }) => object.metadata.labels.app === 'quarantine' && !object.metadata.ownerReferences);
  await status(({ replicas }, spec) => replicas === 1 && spec.replicas === 2);
  await api.call('DELETE', `${core}/pods/web-0`);
  await pods.until(
    ({ type, object: { metadata } }) => type === 'ADDED' && metadata.name === 'web-0' && metadata.uid !== before.uid,
  );
});

for (const phase of ['Failed', 'Succeeded']) {
  test(`set: replaces a pod that is ${phase}`, async (t) => {
    const { api, core, pods } = await setUp(t, 2);
    const { uid } = (await api.call('GET', `${core}/pods/web-1`)).body.metadata;
    const patched = await api.call('PATCH', `${core}/pods/web-1/status`, { status: { phase } }, mergePatch);
    t.is(patched.code, 200, patched.text);
    const { object } = await pods.until(({ type, object: { metadata } }) => type === 'DELETED' && metadata.uid === uid);
    t.is(object.status.phase, phase);
    await pods.until(
      ({ type, object: { metadata } }) => type === 'ADDED' && metadata.name === 'web-1' && metadata.uid !== uid,
    );
  });
}

test('quota: refuses pods and node ports above it; the set grows when it is gone', async (t) => {
  const { api, core, cluster, patch, status } = await setUp(t, 1);
  await api.call('POST', `${core}/resourcequotas`, {
    metadata: { name: 'few' },
    spec: { hard: { pods: '2', 'services.nodeports': 1 } },
  });
  await patch({ spec: { replicas: 4 } });
  const events = api.watch(`${core}/events?watch=1`);
  t.teardown(() => events.stop());
  const { object } = await events.until(({ object }) => object.reason === 'FailedCreate');
  const why = 'exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2';
  t.is(object.message, `create Pod web-2 in StatefulSet web failed error: pods "web-2" is forbidden: ${why}`);
  await status(({ replicas }) => replicas === 2);
  const service = (name: string) => ({
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  });
  await cluster.create(service('a'));
  const refused = await api.call('POST', `${core}/services`, service('b'));
  t.is(refused.code, 403);
  t.regex(
    refused.body.message,
    /^services "b" is forbidden: exceeded quota: few, requested: services.nodeports=1, used/,
  );
  await api.call('DELETE', `${core}/resourcequotas/few`);
  await status(({ readyReplicas }) => readyReplicas === 4);
});

test('quota: of other resources is refused', async (t) => {
  const { api, core } = await setUp(t, 0);
  const quota = { metadata: { name: 'q' }, spec: { hard: { cpu: '1' } } };
  const { code, text } = await api.call('POST', `${core}/resourcequotas`, quota);
  t.is(code, 422, text);
});

test('node: registers again after its Node was deleted', async (t) => {
  const cluster = await startTestCluster(t, { node: 'hollow', nodeReturnMs: 0 });
  const api = await openApi(cluster.kubeconfig);
  const nodes = api.watch('/api/v1/nodes?watch=1');
  t.teardown(() => nodes.stop());
  const { object } = await nodes.until(({ type }) => type === 'ADDED');
  await api.call('DELETE', '/api/v1/nodes/local');
  await nodes.until(({ type }) => type === 'DELETED');
  const isBack = ({ object: { metadata, status } }: { object: Body }) =>
    metadata.uid !== object.metadata.uid && status?.conditions?.[0].status === 'True';
  t.is((await nodes.until(isBack)).object.metadata.name, 'local');
});
