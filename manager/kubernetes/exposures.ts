// The Service of each ordinal and, in the mode `ingress`, the Ingress or HTTPRoute in front of it. They outlive the pods, so a
// replacement is reachable as soon as it is ready. The StatefulSet owns them, so they are deleted with it.

import { ServiceError } from '../../common/errors.ts';
import { lastEndAnnotation, terminalPortName } from '../../common/names.ts';
import type { Exposure } from '../exposure/exposure.ts';
import type { IpFamilies } from '../exposure/ip-families.ts';
import { routeKinds, servicePort } from '../exposure/route-kind.ts';
import { fillRoute, type RouteTemplate } from '../exposure/route-template.ts';
import type { ObservedPool } from '../model/observation.ts';
import { type RawRoute, type RawService, readRoute, readService } from './objects.ts';
import { createEnsure, marksOf, ownerOf } from './owned.ts';
import type { Cluster } from './port.ts';
import { type Transport, unless } from './transport.ts';

type Exposures = Pick<
  Cluster,
  'exposePod' | 'recordEnd' | 'routePod' | 'restoreRoute' | 'withdrawService' | 'withdrawRoute'
>;

/** The collection of the routes of `template`. */
export const routesPath = ({ kind }: RouteTemplate, namespace: string): string =>
  `/apis/${routeKinds[kind].apiVersion}/namespaces/${namespace}/${routeKinds[kind].plural}`;

export function createExposures(
  transport: Transport,
  exposure: Exposure,
  { release, ipFamilies = {} }: { release?: string | undefined; ipFamilies?: IpFamilies | undefined } = {},
): Exposures {
  const { namespace } = transport;
  const services = `/api/v1/namespaces/${namespace}/services`;
  const type =
    exposure.mode === 'nodePort' ? { type: 'NodePort', externalTrafficPolicy: 'Local' } : { type: 'ClusterIP' };
  const ensure = createEnsure(transport);
  const routing = () => {
    if (exposure.mode === 'nodePort') throw new Error('terminals have no routes here');
    return { template: exposure.template, path: routesPath(exposure.template, namespace) };
  };

  async function remove(path: string, { name, uid }: { name: string; uid: string }): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } };
    await unless([404, 409], transport.request({ method: 'DELETE', path: `${path}/${name}`, body }));
  }

  return {
    async exposePod(pool, ordinal) {
      const found = await ensure(
        services,
        describeService(pool, ordinal, { ...type, ...ipFamilies }, release),
        readService,
      );
      if (exposure.mode === 'ingress' || found.nodePort !== undefined) return found;
      // The Service was created in mode `ingress`. (In the opposite case, a Service with a node port is enough for a route.)
      const body = { metadata: { uid: found.uid }, spec: type };
      const path = `${services}/${found.name}`;
      const contentType = 'application/merge-patch+json';
      return readService(await transport.request({ method: 'PATCH', path, contentType, body })) ?? found;
    },

    async recordEnd({ name, uid }, end) {
      const body = { metadata: { uid, annotations: { [lastEndAnnotation]: JSON.stringify(end) } } };
      const path = `${services}/${name}`;
      const contentType = 'application/merge-patch+json';
      const written = await unless(
        [404, 409, 422],
        transport.request<RawService>({ method: 'PATCH', path, contentType, body }),
      );
      return written && readService(written);
    },

    async routePod(pool, ordinal) {
      const { template, path } = routing();
      const route = fillRoute(template, { name: nameOf(pool, ordinal), pool: pool.name, ordinal });
      const marks = { ...route.metadata.labels, ...marksOf(pool, release) };
      const owned = { ...route, metadata: { ...route.metadata, labels: marks, ownerReferences: [ownerOf(pool)] } };
      return ensure(path, owned, (raw: RawRoute) => readRoute(raw, template));
    },

    async restoreRoute(route) {
      const { template, path } = routing();
      const { metadata, spec } = fillRoute(template, route);
      // Replace the whole spec, but only the metadata in the template: other controllers add their own.
      const { labels: marks, annotations } = metadata;
      const at = `${path}/${route.name}`;
      const now = await unless([404], transport.request<RawRoute>({ method: 'GET', path: at }));
      if (now?.metadata.uid !== route.uid) return undefined;
      const body = {
        ...now,
        metadata: {
          ...now.metadata,
          labels: { ...now.metadata.labels, ...marks },
          annotations: { ...now.metadata.annotations, ...annotations },
        },
        spec,
      };
      const written = await unless([404, 409], transport.request<RawRoute>({ method: 'PUT', path: at, body }));
      const restored = written && readRoute(written, template);
      if (!restored || restored.asTemplate) return restored;
      // Throw, so that the restoration backs off and is logged.
      const why = 'a webhook changes it, or the API server does not know one of its fields';
      throw new ServiceError('conflict', `${at} comes out otherwise than it is written: ${why}`);
    },

    withdrawService: (service) => remove(services, service),
    withdrawRoute: (route) => remove(routing().path, route),
  };
}

/** The Service and the route have the name of their pod. */
const nameOf = ({ statefulSet }: ObservedPool, ordinal: number): string => `${statefulSet}-${ordinal}`;

function describeService(
  pool: ObservedPool,
  ordinal: number,
  kind: { type: string } & IpFamilies,
  release: string | undefined,
) {
  const name = nameOf(pool, ordinal);
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, labels: marksOf(pool, release), ownerReferences: [ownerOf(pool)] },
    spec: {
      ...kind,
      selector: { 'statefulset.kubernetes.io/pod-name': name },
      ports: [{ name: terminalPortName, port: servicePort, targetPort: terminalPortName, protocol: 'TCP' }],
    },
  };
}
