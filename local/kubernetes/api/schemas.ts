// What an object of each kind must look like, and the defaults that the API fills in. The schemas know the fields on which this
// stand-in acts; other fields are kept as they are. What it could not act on rightly, it refuses.

import * as z from 'zod';
import { invalid } from './status.ts';

const word = z.string();
const whole = z.int().min(0);
const port = z.int().min(1).max(65_535);
const portOrName = z.union([port, word]);
const dnsLabel = word.regex(/^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS label');
const dnsName = word.regex(
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  'must be a DNS name of lower-case letters, digits, - and .',
);
const key = word.regex(
  /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[a-z0-9](?:[-a-z0-9_.]{0,61}[a-z0-9])?$/i,
  'must be a qualified name',
);
const labelValue = word.regex(/^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'must be a label value');
const labels = z.record(key, labelValue);
const microTime = word.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'must be a time with microseconds');
/** A field that this stand-in could not act on. */
const refused = z.never('the stand-in cluster does not support this').optional();

const ownerReference = z.looseObject({
  apiVersion: word,
  kind: word,
  name: word,
  uid: word,
  controller: z.boolean().optional(),
});

const metadata = z.looseObject({
  name: dnsName,
  generateName: word.optional(),
  namespace: word.optional(),
  uid: word,
  resourceVersion: word,
  creationTimestamp: word,
  labels: labels.optional(),
  annotations: z.record(key, word).optional(),
  ownerReferences: z.array(ownerReference).optional(),
  finalizers: z.array(word).optional(),
});

const probe = z.looseObject({
  httpGet: z.looseObject({ path: word.default('/'), port: portOrName, scheme: z.literal('HTTP').default('HTTP') }),
  initialDelaySeconds: whole.optional(),
  periodSeconds: whole.min(1).default(10),
  timeoutSeconds: whole.min(1).default(1),
  successThreshold: z.literal(1).default(1),
  failureThreshold: whole.min(1).default(3),
});

const container = z.looseObject({
  name: dnsLabel,
  image: word.min(1),
  command: z.array(word).optional(),
  args: z.array(word).optional(),
  env: z
    .array(
      z.looseObject({
        name: word.min(1),
        value: word.optional(),
        valueFrom: z.strictObject({ fieldRef: z.looseObject({ fieldPath: word }) }).optional(),
      }),
    )
    .optional(),
  envFrom: refused,
  ports: z
    .array(z.looseObject({ name: word.optional(), containerPort: port, protocol: z.literal('TCP').default('TCP') }))
    .optional(),
  volumeMounts: z
    .array(z.looseObject({ name: word, mountPath: word, readOnly: z.boolean().optional(), subPath: refused }))
    .optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  startupProbe: refused,
  lifecycle: refused,
});

const volume = z.strictObject({
  name: dnsLabel,
  hostPath: z.looseObject({ path: word }).optional(),
  projected: z
    .looseObject({
      sources: z.array(
        z.strictObject({
          serviceAccountToken: z.looseObject({
            path: word,
            audience: word.default('https://kubernetes.default.svc.cluster.local'),
            expirationSeconds: whole.default(3_600),
          }),
        }),
      ),
    })
    .optional(),
});

const podSpec = z
  .looseObject({
    containers: z.array(container).min(1),
    initContainers: refused,
    volumes: z.array(volume).optional(),
    nodeName: word.optional(),
    hostname: word.optional(),
    subdomain: word.optional(),
    restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
    serviceAccountName: word.default('default'),
    terminationGracePeriodSeconds: whole.default(30),
  })
  .refine(({ containers }) => new Set(containers.map(({ name }) => name)).size === containers.length, {
    message: 'two containers have the same name',
  })
  .refine(
    ({ containers, volumes = [] }) =>
      containers.every(({ volumeMounts = [] }) =>
        volumeMounts.every((mount) => volumes.some(({ name }) => name === mount.name)),
      ),
    { message: 'a container mounts a volume that the pod does not have' },
  );

const selector = z.record(word, word);

const statefulSetSpec = z
  .looseObject({
    replicas: whole.default(1),
    serviceName: word.optional(),
    podManagementPolicy: z.literal('Parallel'),
    updateStrategy: z.looseObject({ type: z.literal('OnDelete') }),
    revisionHistoryLimit: whole.default(10),
    selector: z.looseObject({
      matchLabels: selector.refine((map) => Object.keys(map).length > 0, 'must not be empty'),
      matchExpressions: refused,
    }),
    template: z.looseObject({
      metadata: z.looseObject({ labels: labels.optional(), annotations: z.record(key, word).optional() }),
      spec: podSpec,
    }),
    volumeClaimTemplates: refused,
  })
  .refine(
    ({ selector: { matchLabels }, template }) =>
      Object.entries(matchLabels).every(([name, value]) => template.metadata.labels?.[name] === value),
    { message: 'the selector does not match the labels of the template' },
  );

const servicePort = z
  .looseObject({
    name: word.optional(),
    port,
    targetPort: portOrName.optional(),
    nodePort: z.int().min(30_000).max(32_767).optional(),
    protocol: z.literal('TCP').default('TCP'),
  })
  .transform((one) => ({ ...one, targetPort: one.targetPort ?? one.port }));

const ingressPath = z.looseObject({
  path: word.startsWith('/').optional(),
  pathType: z.enum(['Exact', 'ImplementationSpecific', 'Prefix']),
  backend: z.looseObject({
    service: z.looseObject({ name: dnsLabel, port: z.looseObject({ name: word.optional(), number: port.optional() }) }),
  }),
});

const base = { metadata, status: z.looseObject({}).optional() };

const schemas: Record<string, z.ZodType> = {
  Namespace: z.looseObject(base),
  Node: z.looseObject({ ...base, spec: z.looseObject({ taints: refused }).optional() }),
  Pod: z.looseObject({ ...base, spec: podSpec }),
  StatefulSet: z.looseObject({ ...base, spec: statefulSetSpec }),
  Scale: z.looseObject({ spec: z.looseObject({ replicas: whole.default(0) }).default({ replicas: 0 }) }),
  Service: z.looseObject({
    ...base,
    spec: z.looseObject({
      type: z.enum(['ClusterIP', 'NodePort']).default('ClusterIP'),
      clusterIP: word.optional(),
      selector: selector.optional(),
      sessionAffinity: word.default('None'),
      ports: z.array(servicePort).min(1),
    }),
  }),
  Ingress: z.looseObject({
    ...base,
    spec: z.looseObject({
      rules: z.array(
        z.looseObject({ host: word.optional(), http: z.looseObject({ paths: z.array(ingressPath).min(1) }) }),
      ),
    }),
  }),
  Lease: z.looseObject({
    metadata,
    spec: z
      .looseObject({
        holderIdentity: word.optional(),
        leaseDurationSeconds: whole.min(1).optional(),
        acquireTime: microTime.optional(),
        renewTime: microTime.optional(),
      })
      .optional(),
  }),
  Event: z
    .looseObject({ metadata, involvedObject: z.looseObject({}) })
    .refine((event) => event.involvedObject.namespace === event.metadata.namespace, {
      path: ['involvedObject', 'namespace'],
      message: 'must be the namespace of the Event',
    }),
  ConfigMap: z.looseObject({ metadata, data: z.record(word.regex(/^[-._a-zA-Z0-9]{1,253}$/), word).optional() }),
  Secret: z.looseObject({
    metadata,
    type: word.default('Opaque'),
    data: z.record(word, z.base64()).optional(),
    stringData: refused,
  }),
  ResourceQuota: z.looseObject({
    ...base,
    spec: z.looseObject({
      hard: z.partialRecord(
        z.enum(['pods', 'services', 'services.nodeports']),
        z.union([whole, word.regex(/^\d{1,9}[kM]?$/, 'must be a whole number')]),
      ),
    }),
  }),
  TokenReview: z.looseObject({ spec: z.looseObject({ token: word.min(1), audiences: z.array(word).optional() }) }),
};

export type Probe = z.infer<typeof probe>;
export type Container = z.infer<typeof container>;
export type Volume = z.infer<typeof volume>;
export type PodSpec = z.infer<typeof podSpec>;
export type StatefulSetSpec = z.infer<typeof statefulSetSpec>;
export type ServicePort = z.infer<typeof servicePort>;
export type OwnerReference = z.infer<typeof ownerReference>;

/** `object` with the defaults of its kind. Throws 422 with a cause for each field that is wrong. */
export function check<T>(kind: string, object: T, name = ''): T {
  const { data, error } = schemas[kind]!.safeParse(object);
  if (!error) return data as T;
  const causes = error.issues.map(({ path, message }) => ({ field: fieldName(path), message }));
  throw invalid(kind, name, causes);
}

/** As in `spec.containers[0].name`. */
const fieldName = (path: PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .slice(1);
