// What the manager and kubectl rely on in answers of the API, as one suite for the stand-in and for a real cluster. Codes and reasons are
// compared, not the wording of messages. Pods here never start, because nothing provides their image. Where releases differ, the
// version of the server decides which answer is accepted.

import type { ExecutionContext, TestFn } from 'ava';
import { type Api, type Body, jsonPatch, mergePatch, openApi, type Reply } from '../helpers/local-api.ts';
import { poll } from '../helpers/poll.ts';
import { readServerVersion } from './server-version.ts';

type Target = { kubeconfig: string; namespace: string };
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

/** Adds the suite to `test`. The target is created before the first test. */
export function testApiSemantics(test: TestFn, target: () => Target): void {
  let count = 0;
  const setUp = async (t: ExecutionContext) => {
    const { kubeconfig, namespace } = target();
    const api = await openApi(kubeconfig);
    const core = `/api/v1/namespaces/${namespace}`;
    const apps = `/apis/apps/v1/namespaces/${namespace}`;
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const ingresses = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
    const fresh = (prefix: string) => {
      count += 1;
      return `${prefix}-${process.pid}-${count}`;
    };
    const refused = (reply: Reply, code: number, reason: string) => {
      t.is(reply.code, code, reply.text);
      t.like(reply.body, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason });
    };
    /** Refused as bad input. Servers disagree on whether a wrong type is a bad request or an invalid object. */
    const refusedInput = (reply: Reply, codes = [400, 422]) => {
      t.true(codes.includes(reply.code), `${codes.join(' or ')}, not ${reply.text}`);
      t.like(reply.body, { kind: 'Status', status: 'Failure', code: reply.code });
    };
    const make = async (path: string, object: Body): Promise<Body> => {
      const made = await api.call('POST', path, object);
      t.is(made.code, 201, made.text);
      t.teardown(() => api.call('DELETE', `${path}/${made.body.metadata.name}`, { gracePeriodSeconds: 0 }));
      return made.body;
    };
    const pod = (labels: Body = {}) => make(`${core}/pods`, podOf(fresh('pod'), labels));
    return { api, core, apps, leases, ingresses, namespace, fresh, refused, refusedInput, make, pod };
  };
  const rule = (title: string, run: (t: ExecutionContext, s: Awaited<ReturnType<typeof setUp>>) => Promise<void>) =>
    test(title, async (t) => run(t, await setUp(t)));

  rule('version: 1.20 or later', async (t, { api }) => {
    const version = readServerVersion((await api.call('GET', '/version')).body);
    t.log(`Kubernetes ${version.gitVersion}`);
    t.true(version.minor >= 20);
  });

  rule('404: names the missing object', async (t, { api, core, apps, refused }) => {
    const missing = await api.call('GET', `${core}/pods/none`);
    refused(missing, 404, 'NotFound');
    t.is(missing.body.message, 'pods "none" not found');
    const set = await api.call('GET', `${apps}/statefulsets/none`);
    refused(set, 404, 'NotFound');
    t.deepEqual(set.body.details, { name: 'none', group: 'apps', kind: 'statefulsets' });
    refused(await api.call('DELETE', `${core}/pods/none`), 404, 'NotFound');
    refused(await api.call('PATCH', `${core}/pods/none`, '[]', jsonPatch), 404, 'NotFound');
    refused(await api.call('PUT', `${core}/pods/none`, podOf('none')), 404, 'NotFound');
    const unknown = await api.call('GET', `${core}/nothings`);
    refused(unknown, 404, 'NotFound');
    t.regex(unknown.body.message, /^the server could not find the requested resource/);
    refused(await api.call('GET', `${core}/pods/none/nothing`), 404, 'NotFound');
    refused(await api.call('POST', '/api/v1/namespaces/nowhere-at-all/pods', podOf('a')), 404, 'NotFound');
    t.deepEqual((await api.call('GET', '/api/v1/namespaces/nowhere-at-all/pods')).body.items, []);
  });

  rule('405: a method that the resource does not have', async (_t, { api, core, refused }) => {
    refused(await api.call('POST', `${core}/pods/none`, {}), 405, 'MethodNotAllowed');
    refused(await api.call('PUT', `${core}/pods`, {}), 405, 'MethodNotAllowed');
    refused(await api.call('GET', '/apis/authentication.k8s.io/v1/tokenreviews'), 405, 'MethodNotAllowed');
  });

  rule('400, 415: a body that cannot be read', async (_t, { api, core, refused, refusedInput, fresh, pod }) => {
    refused(await api.call('POST', `${core}/pods`, '{"kind":"Pod"'), 400, 'BadRequest');
    refused(await api.call('POST', `${core}/pods`, '[]'), 400, 'BadRequest');
    const service = { kind: 'Service', apiVersion: 'v1', metadata: { name: 'a' } };
    refusedInput(await api.call('POST', `${core}/pods`, service));
    refusedInput(await api.call('POST', `${core}/pods`, podOf(fresh('p'), { number: 1 })));
    refusedInput(await api.call('POST', `${core}/pods`, { ...podOf('p'), spec: { containers: {} } }));
    refused(await api.call('POST', `${core}/pods`, 'x', { 'content-type': 'text/plain' }), 415, 'UnsupportedMediaType');
    const { metadata } = await pod();
    refused(await api.call('PATCH', `${core}/pods/${metadata.name}`, {}), 415, 'UnsupportedMediaType');
  });

  rule('create: adds uid, version and defaults', async (t, { api, core, pod, refused, refusedInput, fresh }) => {
    const made = await pod({ app: 'a' });
    t.regex(made.metadata.uid, /^[0-9a-f-]{36}$/);
    t.regex(made.metadata.resourceVersion, /^\d+$/);
    t.like(made.spec, { restartPolicy: 'Always', terminationGracePeriodSeconds: 0, serviceAccountName: 'default' });
    t.like(made.status, { phase: 'Pending', qosClass: 'BestEffort' });
    refused(await api.call('POST', `${core}/pods`, podOf(made.metadata.name)), 409, 'AlreadyExists');
    const elsewhere = podOf(fresh('p'));
    elsewhere.metadata.namespace = 'other';
    refusedInput(await api.call('POST', `${core}/pods`, elsewhere));
  });

  rule('422: names each wrong field', async (t, { api, core, apps, refused, fresh }) => {
    const name = fresh('wrong');
    const empty = await api.call('POST', `${core}/pods`, { metadata: { name }, spec: { containers: [] } });
    refused(empty, 422, 'Invalid');
    t.like(empty.body.details, { name, kind: 'Pod', causes: [{ field: 'spec.containers' }] });
    refused(await api.call('POST', `${core}/pods`, podOf('')), 422, 'Invalid');
    refused(await api.call('POST', `${core}/pods`, podOf('A_')), 422, 'Invalid');
    refused(await api.call('POST', `${core}/pods`, podOf(name, { key: 'a b' })), 422, 'Invalid');
    const service = (ports: Body[]) =>
      api.call('POST', `${core}/services`, { metadata: { name }, spec: { type: 'NodePort', ports } });
    const outside = await service([{ port: 80, nodePort: 80 }]);
    refused(outside, 422, 'Invalid');
    t.like(outside.body.details, { causes: [{ field: 'spec.ports[0].nodePort' }] });
    refused(await service([]), 422, 'Invalid');
    const set = setOf(name, 1);
    set.spec.selector.matchLabels = { app: 'another' };
    refused(await api.call('POST', `${apps}/statefulsets`, set), 422, 'Invalid');
  });

  rule('JSON Patch: 422 when it does not apply', async (t, { api, core, pod, refused }) => {
    const { metadata } = await pod({ claimed: 'false' });
    const path = `${core}/pods/${metadata.name}`;
    const patch = (...operations: Body[]) => api.call('PATCH', path, operations, jsonPatch);
    const label = '/metadata/labels/claimed';
    for (const operation of [
      { op: 'test', path: label, value: 'true' },
      { op: 'test', path: '/metadata/labels/absent', value: 'x' },
      { op: 'test', path: '/metadata/annotations/absent', value: null },
      { op: 'test', path: '/metadata/uid', value: 'x' },
      { op: 'remove', path: '/metadata/labels/absent' },
      { op: 'add', path: '/metadata/annotations/a', value: 'b' },
      { op: 'nonsense', path: label },
    ]) {
      refused(await patch(operation), 422, 'Invalid');
    }
    refused(await api.call('PATCH', path, { a: 1 }, jsonPatch), 400, 'BadRequest');
    t.is((await patch({ op: 'test', path: '/metadata/labels/absent', value: null })).code, 200);
    t.is((await patch({ op: 'replace', path: '/metadata/labels/new', value: 'x' })).body.metadata?.labels.new, 'x');
    const annotations = { op: 'replace', path: '/metadata/annotations', value: { a: 'b' } };
    t.is((await patch(annotations)).body.metadata?.annotations.a, 'b');
    const both = await patch(
      { op: 'test', path: '/metadata/uid', value: metadata.uid },
      { op: 'test', path: label, value: 'false' },
      { op: 'replace', path: label, value: 'true' },
    );
    t.is(both.body.metadata?.labels.claimed, 'true', both.text);
  });

  rule('inv 1: of twenty racing claims one gets 200, nineteen 422', async (t, { api, core, pod }) => {
    const { metadata } = await pod({ claimed: 'false' });
    const claim = (by: number) => [
      { op: 'test', path: '/metadata/labels/claimed', value: 'false' },
      { op: 'replace', path: '/metadata/labels/claimed', value: `by-${by}` },
    ];
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, by) => api.call('PATCH', `${core}/pods/${metadata.name}`, claim(by), jsonPatch)),
    );
    const codes = replies.map(({ code }) => code).sort();
    t.deepEqual(codes, [200, ...Array.from({ length: 19 }, () => 422)]);
  });

  rule(
    'resourceVersion: a stale one is 409 in every kind of write',
    async (t, { api, core, apps, namespace, make, pod, fresh, refused }) => {
      const made = await pod({ app: 'a' });
      const path = `${core}/pods/${made.metadata.name}`;
      const version = (resourceVersion: string) => ({ metadata: { resourceVersion, labels: { a: 'b' } } });
      refused(await api.call('PATCH', path, version('1'), mergePatch), 409, 'Conflict');
      const replace = [{ op: 'replace', path: '/metadata/resourceVersion', value: '1' }];
      refused(await api.call('PATCH', path, replace, jsonPatch), 409, 'Conflict');
      const stale = { ...made, metadata: { ...made.metadata, resourceVersion: '1' } };
      refused(await api.call('PUT', path, stale), 409, 'Conflict');
      const set = await make(`${apps}/statefulsets`, setOf(fresh('set'), 0));
      const scale = { metadata: { name: set.metadata.name, namespace, resourceVersion: '1' }, spec: { replicas: 0 } };
      refused(await api.call('PUT', `${apps}/statefulsets/${set.metadata.name}/scale`, scale), 409, 'Conflict');
      const good = await api.call('GET', path);
      const late = [{ op: 'add', path: '/metadata/labels/late', value: 'x' }];
      t.is((await api.call('PATCH', path, late, jsonPatch)).code, 200);
      refused(await api.call('PATCH', path, version(good.body.metadata.resourceVersion), mergePatch), 409, 'Conflict');
    },
  );

  rule(
    'uid: another one is refused in a write and in a precondition',
    async (t, { api, core, pod, refused, refusedInput }) => {
      const made = await pod();
      const { name, uid } = made.metadata;
      const path = `${core}/pods/${name}`;
      refused(await api.call('PATCH', path, { metadata: { uid: 'x' } }, mergePatch), 422, 'Invalid');
      const { resourceVersion, ...metadata } = made.metadata;
      refusedInput(await api.call('PUT', path, { ...made, metadata: { ...metadata, uid: 'x' } }), [409, 422]);
      refused(await api.call('DELETE', path, { preconditions: { uid: 'x' } }), 409, 'Conflict');
      refused(await api.call('DELETE', path, { preconditions: { resourceVersion: '1' } }), 409, 'Conflict');
      refusedInput(await api.call('DELETE', path, '{'), [400, 500]);
      t.is((await api.call('GET', path)).body.metadata.deletionTimestamp, undefined);
      t.is((await api.call('DELETE', path, { preconditions: { uid }, gracePeriodSeconds: 0 })).code, 200);
    },
  );

  rule(
    'update: names, kinds and running containers are fixed',
    async (_t, { api, core, pod, refused, refusedInput }) => {
      const { metadata } = await pod();
      const path = `${core}/pods/${metadata.name}`;
      const patch = (body: unknown) => api.call('PATCH', path, body, mergePatch);
      refused(await patch({ metadata: { name: 'other' } }), 400, 'BadRequest');
      refused(await api.call('PUT', path, podOf('other')), 400, 'BadRequest');
      refusedInput(await patch({ kind: 'Service' }));
      refusedInput(await patch('{'), [400, 500]);
      refusedInput(await patch('[1]'));
      refusedInput(await patch({ metadata: { labels: { a: 1 } } }));
      refused(await patch({ spec: { restartPolicy: 'Never' } }), 422, 'Invalid');
      refused(await patch({ spec: { containers: [] } }), 422, 'Invalid');
    },
  );

  rule('merge patch: sets, removes with null, writes nothing without effect', async (t, { api, core, pod }) => {
    const { metadata } = await pod({ a: '1', b: '2' });
    const path = `${core}/pods/${metadata.name}`;
    const patch = (labels: Body | null) => api.call('PATCH', path, { metadata: { labels } }, mergePatch);
    t.deepEqual((await patch({ a: null, c: '3' })).body.metadata.labels, { b: '2', c: '3' });
    const status = await api.call('PATCH', path, { status: { phase: 'Running', message: 'mine' } }, mergePatch);
    t.is(status.body.status.message, undefined);
    // Its node may write the status meanwhile. Compare two answers between which it did not.
    for (;;) {
      const [one, two, three] = [await api.call('GET', path), await patch({ b: '2' }), await api.call('GET', path)];
      if (one.body.status.conditions?.length !== three.body.status.conditions?.length) continue;
      if (one.body.metadata.resourceVersion !== three.body.metadata.resourceVersion) continue;
      t.is(two.body.metadata.resourceVersion, one.body.metadata.resourceVersion);
      break;
    }
    t.deepEqual((await patch(null)).body.metadata.labels, undefined);
  });

  rule('status: the subresource writes the status only', async (t, { api, core, pod }) => {
    const { metadata } = await pod();
    const body = { status: { message: 'mine' }, spec: { restartPolicy: 'Never' } };
    const patched = await api.call('PATCH', `${core}/pods/${metadata.name}/status`, body, mergePatch);
    t.is(patched.code, 200, patched.text);
    t.is(patched.body.status.message, 'mine');
    t.is(patched.body.spec.restartPolicy, 'Always');
  });

  rule('StatefulSet: counts the changes of its spec, refuses some', async (t, { api, apps, make, fresh, refused }) => {
    const made = await make(`${apps}/statefulsets`, setOf(fresh('set'), 0));
    const path = `${apps}/statefulsets/${made.metadata.name}`;
    const patch = (body: Body) => api.call('PATCH', path, body, mergePatch);
    t.is(made.metadata.generation, 1);
    t.like(made.spec, { replicas: 0, podManagementPolicy: 'Parallel', revisionHistoryLimit: 10 });
    t.is((await patch({ metadata: { annotations: { a: 'b' } } })).body.metadata.generation, 1);
    const template = { template: { metadata: { annotations: { a: 'b' } } } };
    t.is((await patch({ spec: template })).body.metadata.generation, 2);
    refused(await patch({ spec: { serviceName: 'x' } }), 422, 'Invalid');
    refused(await patch({ spec: { replicas: -1 } }), 422, 'Invalid');
  });

  rule('scale: reads and writes the replicas', async (t, { api, apps, namespace, make, fresh, refused }) => {
    const { metadata } = await make(`${apps}/statefulsets`, setOf(fresh('set'), 0));
    const { name } = metadata;
    const path = `${apps}/statefulsets/${name}/scale`;
    const put = (scaled: string, spec: Body) => api.call('PUT', path, { metadata: { name: scaled, namespace }, spec });
    t.like((await api.call('GET', path)).body, {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: {},
      status: { replicas: 0, selector: `app=${name}` },
    });
    refused(await put(name, { replicas: -1 }), 422, 'Invalid');
    refused(await put('other', { replicas: 0 }), 400, 'BadRequest');
    const failing = [{ op: 'test', path: '/spec/replicas', value: 7 }];
    refused(await api.call('PATCH', path, failing, jsonPatch), 422, 'Invalid');
    const scaled = await api.call('PATCH', path, { spec: { replicas: 1 } }, mergePatch);
    t.is(scaled.body.spec?.replicas, 1, scaled.text);
    const replicas = async () => (await api.call('GET', `${apps}/statefulsets/${name}`)).body.spec.replicas;
    t.is(await replicas(), 1);
    t.is((await put(name, {})).code, 200);
    t.is(await replicas(), 0, 'absent replicas are 0');
    t.is((await api.call('PATCH', path, { spec: { replicas: 0 } }, mergePatch)).code, 200);
  });

  rule(
    'Lease: only an update with the latest version renews it',
    async (t, { api, leases, make, fresh, refused, refusedInput }) => {
      const name = fresh('lease');
      const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, acquireTime: '2026-01-02T03:04:05.000000Z' };
      const made = await make(leases, { metadata: { name }, spec });
      t.deepEqual(made.spec, spec);
      refused(await api.call('POST', leases, { metadata: { name }, spec }), 409, 'AlreadyExists');
      const put = (metadata: Body, holderIdentity = 'a') =>
        api.call('PUT', `${leases}/${name}`, { metadata: { name, ...metadata }, spec: { ...spec, holderIdentity } });
      refused(await put({}), 422, 'Invalid');
      const { resourceVersion } = made.metadata;
      t.is((await put({ resourceVersion }, 'b')).code, 200);
      refused(await put({ resourceVersion }, 'c'), 409, 'Conflict');
      const wrong = (change: Body) =>
        api.call('POST', leases, { metadata: { name: fresh('lease') }, spec: { ...spec, ...change } });
      refusedInput(await wrong({ acquireTime: '2026-01-02T03:04:05.000Z' }));
      refused(await wrong({ leaseDurationSeconds: 0 }), 422, 'Invalid');
    },
  );

  rule('delete: answers with a Status, or with the pod', async (t, { api, core, leases, pod, make, fresh }) => {
    const lease = await make(leases, { metadata: { name: fresh('lease') }, spec: {} });
    const { name, uid } = lease.metadata;
    const gone = await api.call('DELETE', `${leases}/${name}`);
    const details = { name, group: 'coordination.k8s.io', kind: 'leases', uid };
    t.like(gone.body, { kind: 'Status', status: 'Success', details });
    const { metadata } = await pod();
    const forced = await api.call('DELETE', `${core}/pods/${metadata.name}`, { gracePeriodSeconds: 0 });
    t.like(forced.body, { kind: 'Pod', metadata: { uid: metadata.uid } });
    t.is((await api.call('GET', `${core}/pods/${metadata.name}`)).code, 404);
  });

  rule('Service: keeps its addresses; a node port has one Service', async (t, { api, core, make, fresh, refused }) => {
    const name = fresh('service');
    const made = await make(`${core}/services`, {
      metadata: { name },
      spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 80, targetPort: 'http' }] },
    });
    const [port] = made.spec.ports;
    t.like(port, { port: 80, targetPort: 'http', protocol: 'TCP' });
    t.true(port.nodePort >= 30_000 && port.nodePort <= 32_767);
    t.regex(made.spec.clusterIP, /^\d+\.\d+\.\d+\.\d+$/);
    t.like(made.spec, { externalTrafficPolicy: 'Cluster', sessionAffinity: 'None' });
    const patched = await api.call('PATCH', `${core}/services/${name}`, { spec: { selector: { c: 'd' } } }, mergePatch);
    t.is(patched.body.spec.ports[0].nodePort, port.nodePort);
    t.is(patched.body.spec.clusterIP, made.spec.clusterIP);
    const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: port.nodePort }] };
    const twin = await api.call('POST', `${core}/services`, { metadata: { name: fresh('service') }, spec });
    refused(twin, 422, 'Invalid');
    t.like(twin.body.details, { causes: [{ field: 'spec.ports[0].nodePort' }] });
  });

  rule('Ingress: keeps its spec, with a generation', async (t, { api, ingresses, make, fresh, refused }) => {
    const backend = { service: { name: 'a', port: { number: 80 } } };
    const spec = {
      ingressClassName: 'nowhere',
      tls: [{ hosts: ['a.example.org'], secretName: 'a' }],
      rules: [{ host: 'a.example.org', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    };
    const made = await make(ingresses, { metadata: { name: fresh('ingress') }, spec });
    t.deepEqual(made.spec, spec);
    t.deepEqual(made.status, { loadBalancer: {} });
    t.is(made.metadata.generation, 1);
    const { tls, ...plain } = spec;
    const path = `${ingresses}/${made.metadata.name}`;
    const put = await api.call('PUT', path, { ...made, spec: plain });
    t.deepEqual(put.body.spec, plain);
    t.is(put.body.metadata.generation, 2);
    refused(await api.call('PUT', path, made), 409, 'Conflict');
    for (const http of [
      { paths: [] },
      { paths: [{ path: '/', backend }] },
      { paths: [{ path: 'x', pathType: 'Prefix', backend }] },
      { paths: [{ path: '/', pathType: 'Prefix', backend: {} }] },
    ]) {
      const wrong = { metadata: { name: fresh('ingress') }, spec: { rules: [{ http }] } };
      refused(await api.call('POST', ingresses, wrong), 422, 'Invalid');
    }
  });

  rule('Event: belongs to the namespace of its object', async (t, { api, core, namespace, refused }) => {
    const event = {
      metadata: { generateName: 'e.' },
      involvedObject: { kind: 'Pod', namespace, name: 'p' },
      reason: 'Tested',
      type: 'Normal',
    };
    const made = await api.call('POST', `${core}/events`, event);
    t.is(made.code, 201, made.text);
    t.regex(made.body.metadata.name, /^e\.\w{5}$/);
    refused(await api.call('POST', `${core}/events`, { ...event, involvedObject: {} }), 422, 'Invalid');
    const found = await api.call('GET', `${core}/events?fieldSelector=reason%3DTested,involvedObject.name%3Dp`);
    t.true(found.body.items.some(({ metadata }: Body) => metadata.name === made.body.metadata.name));
  });

  rule('ConfigMap: a merge patch changes single keys', async (t, { api, core, make, fresh, refused }) => {
    const name = fresh('map');
    await make(`${core}/configmaps`, { metadata: { name }, data: { a: '1', 'B_2.c-': '2' } });
    const patch = (data: object) => api.call('PATCH', `${core}/configmaps/${name}`, { data }, mergePatch);
    t.deepEqual((await patch({ a: null, d: '4' })).body.data, { 'B_2.c-': '2', d: '4' });
    refused(await patch({ 'no/key': '1' }), 422, 'Invalid');
    const list = await api.call('GET', `${core}/configmaps?fieldSelector=metadata.name%3D${name}`);
    t.is(list.body.kind, 'ConfigMapList');
    t.is(list.body.items.length, 1);
    t.is(list.body.items[0].kind, undefined);
  });

  rule('Secret: holds base64 only', async (t, { api, core, make, fresh, refusedInput }) => {
    const made = await make(`${core}/secrets`, { metadata: { name: fresh('secret') }, data: { a: 'Yg==' } });
    t.like(made, { type: 'Opaque', data: { a: 'Yg==' } });
    refusedInput(await api.call('POST', `${core}/secrets`, { metadata: { name: fresh('secret') }, data: { a: '!' } }));
  });

  rule('selectors: by labels and fields; others are refused', async (t, { api, core, pod, fresh, refused }) => {
    const run = fresh('run');
    const [a, b] = [await pod({ run, role: 'a' }), await pod({ run, role: 'b' })];
    // By code points, as etcd sorts keys.
    const both = [a.metadata.name, b.metadata.name].sort();
    const names = async (query: string) => {
      const reply = await api.call('GET', `${core}/pods?${query}`);
      t.is(reply.code, 200, reply.text);
      return reply.body.items.map(({ metadata }: Body) => metadata.name);
    };
    const label = (text: string) => names(`labelSelector=${encodeURIComponent(`run=${run},${text}`)}`);
    t.deepEqual(await label('role=a'), [a.metadata.name]);
    t.deepEqual(await label('role!=a'), [b.metadata.name]);
    t.deepEqual(await label('role in (a,b)'), both);
    t.deepEqual(await label('role notin (a),role'), [b.metadata.name]);
    t.deepEqual(await label('!role'), []);
    t.deepEqual(await names(`fieldSelector=metadata.name%3D${a.metadata.name}`), [a.metadata.name]);
    t.deepEqual(await names(`fieldSelector=status.phase%21%3DPending&labelSelector=run%3D${run}`), []);
    for (const query of ['labelSelector=a%3D%3D%3Db', 'fieldSelector=spec.foo%3Db', 'fieldSelector=foo']) {
      refused(await api.call('GET', `${core}/pods?${query}`), 400, 'BadRequest');
      refused(await api.call('GET', `${core}/pods?watch=1&${query}`), 400, 'BadRequest');
    }
  });

  rule('delete: a collection by selector', async (t, { api, core, make, fresh }) => {
    const run = fresh('run');
    for (const [name, value] of [
      [`${run}-1`, run],
      [`${run}-2`, 'other'],
    ])
      await make(`${core}/secrets`, { metadata: { name, labels: { run: value } } });
    t.is((await api.call('DELETE', `${core}/secrets?labelSelector=run%3D${run}`)).code, 200);
    t.is((await api.call('GET', `${core}/secrets/${run}-1`)).code, 404);
    t.is((await api.call('GET', `${core}/secrets/${run}-2`)).code, 200);
  });

  rule('table: the columns that the docs show', async (t, { api, core, apps, pod }) => {
    const { metadata } = await pod();
    const { body: shown } = await api.call('GET', `${core}/pods/${metadata.name}`, undefined, table);
    t.like(shown, { kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    t.is(shown.rows[0].cells[0], metadata.name);
    for (const [path, wanted] of [
      [`${core}/pods`, 'Name, Ready, Status, Restarts, Age'],
      [`${apps}/statefulsets`, 'Name, Ready, Age'],
      [`${core}/services`, 'Name, Type, Cluster-IP, External-IP, Port(s), Age'],
      [`${core}/events`, 'Last Seen, Type, Reason, Object, Message'],
      ['/api/v1/nodes', 'Name, Status, Roles, Age, Version'],
    ] as const) {
      const { columnDefinitions } = (await api.call('GET', path, undefined, table)).body;
      const usual = columnDefinitions.filter(({ priority }: Body) => priority === 0);
      t.is(usual.map(({ name }: Body) => name).join(', '), wanted);
      t.is(usual.find(({ name }: Body) => name === 'Name')?.format ?? 'name', 'name');
    }
  });

  rule('watch: every change after a version, and none before', async (t, { api, core, make, fresh }) => {
    const run = fresh('run');
    const first = await make(`${core}/secrets`, { metadata: { name: `${run}-1`, labels: { run } } });
    const { body } = await api.call('GET', `${core}/secrets?labelSelector=run%3D${run}`);
    const query = `watch=1&labelSelector=run%3D${run}&timeoutSeconds=30`;
    const watch = api.watch(`${core}/secrets?${query}&resourceVersion=${body.metadata.resourceVersion}`);
    t.teardown(() => watch.stop());
    await make(`${core}/secrets`, { metadata: { name: `${run}-2`, labels: { run } } });
    await api.call('PATCH', `${core}/secrets/${run}-1`, { metadata: { annotations: { a: 'b' } } }, mergePatch);
    await api.call('DELETE', `${core}/secrets/${run}-2`);
    await watch.until(({ type }) => type === 'DELETED');
    t.deepEqual(
      watch.events.map(({ type, object }) => `${type} ${object.metadata.name}`),
      [`ADDED ${run}-2`, `MODIFIED ${run}-1`, `DELETED ${run}-2`],
    );
    const again = api.watch(`${core}/secrets?${query}&resourceVersion=${first.metadata.resourceVersion}`);
    t.teardown(() => again.stop());
    await again.until(({ type }) => type === 'DELETED');
    t.deepEqual(again.events, watch.events);
    const now = api.watch(`${core}/secrets?${query}`);
    t.teardown(() => now.stop());
    t.is((await now.until(() => true)).object.metadata.name, `${run}-1`);
  });

  rule('watch: a change of labels adds or deletes', async (t, { api, core, make, fresh }) => {
    const run = fresh('run');
    const { metadata } = await make(`${core}/secrets`, { metadata: { name: run } });
    const query = `labelSelector=run%3D${run}&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=30`;
    const watch = api.watch(`${core}/secrets?watch=true&${query}`);
    t.teardown(() => watch.stop());
    const label = (value: string | null) =>
      api.call('PATCH', `${core}/secrets/${run}`, { metadata: { labels: { run: value } } }, mergePatch);
    await label(run);
    const left = (await label(null)).body.metadata.resourceVersion;
    const gone = await watch.until(({ type }) => type === 'DELETED');
    t.deepEqual(
      watch.events.map(({ type }) => type),
      ['ADDED', 'DELETED'],
    );
    t.is(gone.object.metadata.resourceVersion, left);
  });

  rule('watch: ends at its timeout, after a bookmark', async (t, { api, core, make, fresh }) => {
    const { metadata } = await make(`${core}/secrets`, { metadata: { name: fresh('secret') } });
    // A busy server may send the bookmark too late for one watch.
    const bookmark = await poll(async () => {
      const query = `allowWatchBookmarks=true&timeoutSeconds=4&resourceVersion=${metadata.resourceVersion}`;
      const watch = api.watch(`${core}/secrets?watch=1&${query}`);
      t.teardown(() => watch.stop());
      await watch.ended;
      return watch.events.findLast(({ type }) => type === 'BOOKMARK');
    }, 60_000);
    t.like(bookmark?.object, { kind: 'Secret', apiVersion: 'v1' });
    t.true(Number(bookmark?.object.metadata.resourceVersion) >= Number(metadata.resourceVersion));
  });

  rule('watch: a table has its columns once', async (t, { api, core, make, fresh }) => {
    const run = fresh('run');
    const watch = api.watch(`${core}/secrets?watch=1&labelSelector=run%3D${run}&timeoutSeconds=30`, table);
    t.teardown(() => watch.stop());
    for (const n of [1, 2]) await make(`${core}/secrets`, { metadata: { name: `${run}-${n}`, labels: { run } } });
    await watch.until(({ object }) => object.rows[0].cells[0] === `${run}-2`);
    const [one, two] = watch.events;
    t.like(one, { type: 'ADDED', object: { kind: 'Table' } });
    t.true(one!.object.columnDefinitions.length > 0);
    t.falsy(two!.object.columnDefinitions?.length);
    t.is(one!.object.rows[0].object.kind, 'PartialObjectMetadata');
  });

  rule('garbage: an object is deleted with its owner', async (t, { api, core, leases, make, fresh }) => {
    const owner = await make(leases, { metadata: { name: fresh('owner') }, spec: {} });
    const { name, uid } = owner.metadata;
    const ownerReferences = [{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name, uid }];
    const owned = await make(`${core}/secrets`, { metadata: { name: fresh('owned'), ownerReferences } });
    const query = `fieldSelector=metadata.name%3D${owned.metadata.name}&timeoutSeconds=60`;
    const watch = api.watch(`${core}/secrets?watch=1&${query}`);
    t.teardown(() => watch.stop());
    await watch.until(({ type }) => type === 'ADDED');
    await api.call('DELETE', `${leases}/${name}`);
    t.is((await watch.until(({ type }) => type === 'DELETED')).object.metadata.uid, owned.metadata.uid);
  });

  rule('401, 403: without a token only health and version', async (t, { core, refused }) => {
    const { kubeconfig } = target();
    const anonymous: Api = await openApi(kubeconfig, '');
    refused(await anonymous.call('GET', `${core}/pods`), 403, 'Forbidden');
    t.is((await anonymous.call('GET', '/healthz')).text, 'ok');
    t.is((await anonymous.call('GET', '/version')).code, 200);
    const stranger = await openApi(kubeconfig, 'Bearer abc');
    refused(await stranger.call('GET', `${core}/pods`), 401, 'Unauthorized');
  });

  rule('TokenReview: refuses what is no token', async (t, { api, refusedInput }) => {
    const path = '/apis/authentication.k8s.io/v1/tokenreviews';
    const review = await api.call('POST', path, { spec: { token: 'abc', audiences: ['a'] } });
    t.is(review.code, 201);
    t.deepEqual(review.body.status, { user: {}, error: 'invalid bearer token' });
    refusedInput(await api.call('POST', path, { spec: {} }));
  });
}

function podOf(name: string, labels: Body = {}): Body {
  const container = { name: 'c', image: 'no-such-image:1', imagePullPolicy: 'Never' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  };
}

function setOf(name: string, replicas: number): Body {
  const { spec } = podOf(name);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  };
}
