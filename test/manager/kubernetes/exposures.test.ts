// A case that the contract suite cannot cause on a cluster: an API server that does not store what it is sent.

import test from 'ava';
import type { IpFamilies } from '../../../manager/exposure/ip-families.ts';
import { fillRoute } from '../../../manager/exposure/route-template.ts';
import { createExposures } from '../../../manager/kubernetes/exposures.ts';
import { type RawRoute, readRoute } from '../../../manager/kubernetes/objects.ts';
import type { ApiRequest, Transport } from '../../../manager/kubernetes/transport.ts';
import type { ObservedPool } from '../../../manager/model/observation.ts';
import { ingressTemplate, templateOf } from '../../helpers/route-templates.ts';

const template = templateOf(ingressTemplate);

/** An API server with one route. Each PUT makes it `kept`. */
function startServer(found: RawRoute, kept: (given: RawRoute) => RawRoute) {
  const requests: ApiRequest[] = [];
  const transport: Transport = {
    namespace: 'ns',
    async request<T>(request: ApiRequest) {
      requests.push(request);
      return (request.method === 'PUT' ? kept(request.body as RawRoute) : found) as T;
    },
    stream: () => Promise.reject(new Error('nothing is watched')),
    close: () => {},
  };
  return { requests, transport, exposures: createExposures(transport, { mode: 'ingress', template }) };
}

const route = fillRoute(template, { name: 'p-0', pool: 'p', ordinal: 0 });
const changed: RawRoute = {
  metadata: {
    ...route.metadata,
    uid: 'u',
    resourceVersion: '7',
    finalizers: ['others.example.org'],
  } as RawRoute['metadata'],
  spec: {},
};

test('exposures: a Service has the configured IP families, and none by default', async (t) => {
  const owner = { uid: 'pool', controller: true };
  const found = { metadata: { name: 'p-0', labels: { 'warmterm.dev/pool': 'p' }, ownerReferences: [owner] }, spec: {} };
  const pool = { statefulSet: 'p', name: 'p', uid: 'pool' } as ObservedPool;
  const specOf = async (families?: IpFamilies) => {
    const { requests, transport } = startServer(found as unknown as RawRoute, (given) => given);
    await createExposures(transport, { mode: 'ingress', template }, { ipFamilies: families }).exposePod(pool, 0);
    t.is(requests[0]?.method, 'POST');
    return (requests[0]!.body as { spec: IpFamilies }).spec;
  };
  const families = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] };
  t.like(await specOf(families), { type: 'ClusterIP', ...families });
  t.deepEqual(Object.keys(await specOf()).sort(), ['ports', 'selector', 'type']);
});

test('exposures: restores a route by one versioned write that keeps the additions of others', async (t) => {
  const { requests, exposures } = startServer(changed, (given) => given);
  t.like(await exposures.restoreRoute(readRoute(changed, template)!), { asTemplate: true });
  t.deepEqual(
    requests.map(({ method, path }) => `${method} ${path}`),
    ['GET', 'PUT'].map((method) => `${method} /apis/networking.k8s.io/v1/namespaces/ns/ingresses/p-0`),
  );
  t.like(requests[1]!.body as object, { metadata: { resourceVersion: '7', finalizers: ['others.example.org'] } });
});

test('inv 12: exposures: a route that is never stored as written is a failure, and is not written again at once', async (t) => {
  const { exposures } = startServer(changed, (given) => ({ ...given, spec: { ...(given.spec as object), tls: [] } }));
  await t.throwsAsync(exposures.restoreRoute(readRoute(changed, template)!), {
    code: 'conflict',
    message: /p-0 comes out otherwise than it is written/,
  });
});
