// What a real API server fills in where a client says nothing; only what our clients or `kubectl describe` read.

import { isMap } from './json.ts';
import type { Container, KubernetesObject, PodSpec, Probe, Volume } from './objects.ts';

type Fields = Record<string, unknown>;
type Defaulter = (object: Fields) => Fields;

/** `object` with the defaults of its kind. Applying it twice changes nothing more. */
export function withDefaults<T extends KubernetesObject>(kind: string, object: T): T {
  return (defaulters[kind]?.(object) ?? object) as T;
}

const defaulters: Record<string, Defaulter> = {
  Pod: (pod) => ({
    ...pod,
    spec: isMap(pod.spec) ? { ...podSpec(pod.spec), ...podOnly(pod.spec) } : pod.spec,
  }),
  StatefulSet: (set) => {
    if (!isMap(set.spec)) return set;
    const { template, ...spec } = set.spec;
    return {
      ...set,
      spec: {
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        revisionHistoryLimit: 10,
        ...spec,
        ...(isMap(template) && {
          template: { ...template, ...(isMap(template.spec) && { spec: podSpec(template.spec) }) },
        }),
      },
    };
  },
  Service: (service) => {
    const spec = isMap(service.spec) ? service.spec : {};
    const ports = Array.isArray(spec.ports) ? spec.ports : undefined;
    return {
      ...service,
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ...(spec.type === 'NodePort' && { externalTrafficPolicy: 'Cluster' }),
        ...spec,
        ...(ports && {
          ports: ports.map((port) => (isMap(port) ? { protocol: 'TCP', targetPort: port.port, ...port } : port)),
        }),
      },
    };
  },
  Secret: ({ stringData, ...secret }) => ({
    type: 'Opaque',
    ...secret,
    ...(isMap(stringData) && {
      data: {
        ...(secret.data as object),
        ...Object.fromEntries(
          Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]),
        ),
      },
    }),
  }),
  Namespace: (namespace) => ({ ...namespace, spec: { finalizers: ['kubernetes'] } }),
  Event: (event) => ({
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    source: {},
    reportingComponent: '',
    reportingInstance: '',
    ...event,
  }),
};

const podOnly = (spec: Fields): Fields => ({
  serviceAccountName: 'default',
  enableServiceLinks: true,
  ...(spec.serviceAccountName !== undefined && { serviceAccountName: spec.serviceAccountName }),
  ...(spec.enableServiceLinks !== undefined && { enableServiceLinks: spec.enableServiceLinks }),
});

function podSpec(spec: Fields): PodSpec {
  const { containers, volumes } = spec;
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    containers: Array.isArray(containers) ? containers.map(container) : (containers as Container[]),
    ...(Array.isArray(volumes) && { volumes: volumes.map(volume) as Volume[] }),
  };
}

function container(given: unknown): Container {
  if (!isMap(given)) return given as unknown as Container;
  const probes = (['readinessProbe', 'livenessProbe', 'startupProbe'] as const).flatMap((name) =>
    isMap(given[name]) ? [[name, probe(given[name])]] : [],
  );
  const { ports } = given;
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    ...given,
    ...(Array.isArray(ports) && { ports: ports.map((port) => (isMap(port) ? { protocol: 'TCP', ...port } : port)) }),
    ...Object.fromEntries(probes),
  } as unknown as Container;
}

const probe = (given: Fields): Probe => ({
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
  ...given,
  ...(isMap(given.httpGet) && {
    httpGet: { path: '/', scheme: 'HTTP', ...given.httpGet } as Probe['httpGet'] & object,
  }),
});

function volume(given: unknown): unknown {
  if (!isMap(given)) return given;
  const { projected, secret } = given;
  return {
    ...given,
    ...(isMap(projected) && { projected: { defaultMode: 420, ...projected } }),
    ...(isMap(secret) && { secret: { defaultMode: 420, ...secret } }),
  };
}
