// Values for pods of the manager, the webserver, the terminals and the test.

import { isDeepStrictEqual } from 'node:util';
import anyTest from 'ava';
import { helmProgram, type Rendered, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

type Pod = { labels: Record<string, string>; annotations: Record<string, string>; spec: Rendered['spec'] };

/** The pods by component. */
async function podsOf(values: object, kubeVersion?: string): Promise<Record<string, Pod>> {
  const { objects, refusal } = await render(values, kubeVersion);
  if (refusal) throw new Error(refusal);
  const templates = objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Pod'].includes(kind))
    .map(({ kind, metadata, spec }) => (kind === 'Pod' ? { metadata, spec } : spec.template));
  return Object.fromEntries(
    templates.map(({ metadata: { labels, annotations }, spec }) => [
      labels['app.kubernetes.io/component'],
      { labels, annotations, spec },
    ]),
  );
}

const scheduling = {
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  priorityClassName: 'high',
};
const everyPod = {
  ...scheduling,
  podLabels: { team: '101', 'app.kubernetes.io/part-of': 'school' },
  podAnnotations: { 'example.org/a': 'b' },
  podSecurityContext: { supplementalGroups: [5], fsGroup: 1_000_660_000 },
  containerSecurityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } },
  resources: { limits: { cpu: '3', memory: '77Mi' } },
};
const longLived = {
  ...everyPod,
  topologySpreadConstraints: [
    { maxSkew: 2, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
    { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { a: 'b' } } },
  ],
  initContainers: [{ name: 'first', image: 'first:1' }],
  extraContainers: [{ name: 'beside', image: 'beside:1' }],
  env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.crt' }],
  envFrom: [{ configMapRef: { name: 'proxy' } }],
  volumes: [{ name: 'ca', configMap: { name: 'private-ca' } }],
  volumeMounts: [{ name: 'ca', mountPath: '/ca' }],
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['192.0.2.1'] },
  hostAliases: [{ ip: '192.0.2.2', hostnames: ['ldap.example.org'] }],
};
const values = { manager: longLived, webserver: longLived, poolDefaults: longLived, test: everyPod };

for (const kubeVersion of ['1.20.0', '1.27.0', '1.30.0', '1.36.0']) {
  test(`pod values reach the pods of every component on Kubernetes ${kubeVersion}`, async (t) => {
    const pods = await podsOf(values, kubeVersion);
    t.deepEqual(Object.keys(pods).sort(), ['manager', 'terminal', 'test', 'webserver']);
    for (const [component, { labels, annotations, spec }] of Object.entries(pods)) {
      t.like(labels, everyPod.podLabels, component);
      t.is(labels['app.kubernetes.io/component'], component);
      t.like(annotations, everyPod.podAnnotations, component);
      t.like(spec, scheduling, component);
      t.like(spec.securityContext, { ...everyPod.podSecurityContext, runAsNonRoot: true, runAsUser: 1000 }, component);
      t.like(spec.containers[0].securityContext, {
        ...everyPod.containerSecurityContext,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      t.like(spec.containers[0].resources, everyPod.resources, component);
    }
    for (const component of ['manager', 'webserver', 'terminal']) {
      const { spec } = pods[component]!;
      const { dnsPolicy, dnsConfig, hostAliases, initContainers } = longLived;
      t.like(spec, { dnsPolicy, dnsConfig, hostAliases, initContainers }, component);
      t.deepEqual(spec.containers[1], longLived.extraContainers[0], component);
      t.deepEqual(spec.containers[0].envFrom, longLived.envFrom, component);
      const holds = (list: object[], item: object) => list.some((one) => isDeepStrictEqual(one, item));
      t.true(holds(spec.containers[0].env, longLived.env[0]!), component);
      t.true(holds(spec.volumes, longLived.volumes[0]!), component);
      t.true(holds(spec.containers[0].volumeMounts, longLived.volumeMounts[0]!), component);
      const [zone, own] = spec.topologySpreadConstraints;
      t.like(zone, longLived.topologySpreadConstraints[0]!, component);
      t.is(zone.labelSelector.matchLabels['app.kubernetes.io/component'], component);
      t.is(zone.labelSelector.matchLabels['warmterm.dev/pool'], component === 'terminal' ? 'default' : undefined);
      t.deepEqual(own.labelSelector, longLived.topologySpreadConstraints[1]!.labelSelector, component);
    }
  });
}

test('pods: by default manager and webserver prefer two nodes, and terminals have no preference', async (t) => {
  const pods = await podsOf({});
  t.is(pods.manager?.spec.topologySpreadConstraints[0].topologyKey, 'kubernetes.io/hostname');
  t.is(pods.webserver?.spec.topologySpreadConstraints[0].topologyKey, 'kubernetes.io/hostname');
  t.false('topologySpreadConstraints' in pods.terminal!.spec);
});

test('pods: every container has requests and limits, also that of the test', async (t) => {
  for (const [component, { spec }] of Object.entries(await podsOf({}))) {
    for (const { resources } of spec.containers) {
      t.true(
        ['cpu', 'memory', 'ephemeral-storage'].every((name) => name in resources.requests),
        component,
      );
      t.true(
        ['memory', 'ephemeral-storage'].every((name) => name in resources.limits),
        component,
      );
    }
  }
});

test('pods: an empty value in a securityContext removes the chart’s field', async (t) => {
  const empty = {
    podSecurityContext: { seccompProfile: {}, fsGroup: '' },
    containerSecurityContext: { capabilities: {} },
  };
  const pods = await podsOf({ manager: empty, webserver: empty, poolDefaults: empty, test: empty });
  for (const [component, { spec }] of Object.entries(pods)) {
    t.deepEqual(
      Object.keys(spec.securityContext).sort(),
      ['fsGroupChangePolicy', 'runAsGroup', 'runAsNonRoot', 'runAsUser'],
      component,
    );
    t.deepEqual(
      Object.keys(spec.containers[0].securityContext).sort(),
      ['allowPrivilegeEscalation', 'readOnlyRootFilesystem'],
      component,
    );
  }
});

test('pods: a pool’s values replace the defaults', async (t) => {
  const { objects } = await render({
    images: { pullPolicy: 'Never' },
    poolDefaults: { pullPolicy: 'Always', podSecurityContext: { fsGroup: 7, runAsUser: 8 }, podLabels: { a: 'b' } },
    pools: [
      { name: 'one' },
      { name: 'two', pullPolicy: 'IfNotPresent', podSecurityContext: { fsGroup: 9 }, podLabels: { c: 'd' } },
      { name: 'three', pullPolicy: '' },
    ],
  });
  const pod = (name: string) =>
    objects.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === name)?.spec.template;
  const policy = (name: string) => pod(name).spec.containers[0].imagePullPolicy;
  t.deepEqual(['one', 'two', 'three'].map(policy), ['Always', 'IfNotPresent', 'Never']);
  t.like(pod('one').spec.securityContext, { fsGroup: 7, runAsUser: 8 });
  t.like(pod('two').spec.securityContext, { fsGroup: 9, runAsUser: 8 });
  t.like(pod('two').metadata.labels, { a: 'b', c: 'd', 'warmterm.dev/claimed': 'false' });
});

for (const where of ['podSecurityContext', 'containerSecurityContext']) {
  test(`inv 10: ${where} does not make a visitor root of the node`, async (t) => {
    const { refusal } = await render({ pools: [{ name: 'a', [where]: { runAsUser: 0 } }] });
    t.regex(refusal, /pools: "a" has runAsUser: 0: set root: true/);
    t.is((await render({ pools: [{ name: 'a', root: true, [where]: { runAsUser: 0 } }] })).refusal, '');
  });
}
