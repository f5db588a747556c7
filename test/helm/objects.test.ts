// Values for objects other than pods: names, labels, accounts, budgets, Services, and the routes to the page.

import anyTest from 'ava';
import { readConfig as readManagerConfig } from '../../manager/config.ts';
import { readIpFamilies } from '../../manager/exposure/ip-families.ts';
import { readConfig as readWebserverConfig } from '../../webserver/config.ts';
import { chart, helmProgram, type Rendered, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

const policies = ['admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy'];
async function objectsOf(values: string | object, kubeVersion?: string): Promise<Rendered[]> {
  const { objects, refusal } = await render(values, kubeVersion, policies);
  if (refusal) throw new Error(refusal);
  return objects;
}
const find = (objects: Rendered[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);
const environment = (objects: Rendered[], service: string): Record<string, string> =>
  Object.fromEntries(
    find(objects, 'Deployment', `warmterm-${service}`)!.spec.template.spec.containers[0].env.map(
      ({ name, value }: { name: string; value?: string }) => [name, value ?? 'from-the-pod'],
    ),
  );

const everything = {
  metrics: {
    enabled: true,
    serviceMonitor: { enabled: true },
    alerts: { enabled: true },
    dashboard: { enabled: true },
  },
  webserver: {
    ingress: { enabled: true, hosts: ['a.example.org'], annotations: { own: 'ingress' } },
    httpRoute: { enabled: true, parentRefs: [{ name: 'edge' }] },
    autoscaling: { enabled: true },
    service: { annotations: { own: 'service' } },
  },
  terminals: { exposure: 'ingress', ingress: { tlsSecret: 'tls' } },
};

for (const kubeVersion of ['1.20.0', '1.27.0', '1.30.0', '1.36.0']) {
  test(`common labels are on every object and pod, common annotations on every object, on Kubernetes ${kubeVersion}`, async (t) => {
    const commonLabels = { team: '101' };
    const commonAnnotations = { 'example.org/owner': 'ops', own: 'common' };
    const objects = await objectsOf({ ...everything, commonLabels, commonAnnotations }, kubeVersion);
    t.true(objects.length > 30);
    for (const { kind, metadata, spec } of objects) {
      t.like(metadata.labels, { ...commonLabels, 'app.kubernetes.io/name': 'warmterm' }, `${kind} ${metadata.name}`);
      t.is(metadata.annotations?.['example.org/owner'], 'ops', `${kind} ${metadata.name}`);
      const template = spec?.template?.metadata;
      if (template) t.is(template.labels.team, '101', `${kind} ${metadata.name}`);
      // A selector cannot change. A custom label in it would block the next upgrade with another label.
      t.false(JSON.stringify(spec?.selector ?? {}).includes('team'), `${kind} ${metadata.name}`);
    }
    t.is(find(objects, 'Ingress', 'warmterm-webserver')?.metadata.annotations?.own, 'ingress');
    t.is(find(objects, 'Service', 'warmterm-webserver')?.metadata.annotations?.own, 'service');
    t.is(find(objects, 'Deployment', 'warmterm-manager')?.metadata.annotations?.own, 'common');
  });
}

test('inv 10: objects: values cannot remove labels of the chart', async (t) => {
  const { refusal } = await render({
    commonLabels: { 'app.kubernetes.io/component': 'a' },
    commonAnnotations: { 'warmterm.dev/max': '5' },
    poolDefaults: { podLabels: { 'warmterm.dev/claimed': 'true' } },
    manager: { podLabels: { a: '-' } },
  });
  t.true(refusal.includes('commonLabels: Property name of "app.kubernetes.io/component" does not match'), refusal);
  t.true(refusal.includes('commonAnnotations: Property name of "warmterm.dev/max" does not match'), refusal);
  t.true(refusal.includes('poolDefaults.podLabels: Property name of "warmterm.dev/claimed" does not match'), refusal);
  t.true(refusal.includes('manager.podLabels.a: manager.podLabels.a must be one of the following: "a label'), refusal);
});

test('images are pulled by their digests', async (t) => {
  const digests = { manager: `sha256:${'1'.repeat(64)}`, terminal: `sha256:${'2'.repeat(64)}` };
  const objects = await objectsOf({ images: { registry: 'ghcr.io/a', tag: '7', digests } });
  const image = (kind: string, name: string) => find(objects, kind, name)?.spec.template.spec.containers[0].image;
  t.is(image('Deployment', 'warmterm-manager'), `ghcr.io/a/warmterm-manager:7@${digests.manager}`);
  t.is(image('StatefulSet', 'default'), `ghcr.io/a/warmterm-terminal:7@${digests.terminal}`);
  t.is(image('Deployment', 'warmterm-webserver'), 'ghcr.io/a/warmterm-webserver:7');
  t.regex(
    (await render({ images: { digests: { manager: '1' } } })).refusal,
    /images\.digests\.manager must be one of the following: "sha256/,
  );
});

test('serviceaccounts: names and annotations of the values are used everywhere', async (t) => {
  const objects = await objectsOf({
    manager: { serviceAccount: { create: false, name: 'ours-manager' } },
    webserver: { serviceAccount: { name: 'ours-web', annotations: { 'example.org/role': 'web' } } },
    terminals: { serviceAccount: { name: 'ours-terminal' } },
  });
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
  t.deepEqual(accounts.map(({ metadata }) => metadata.name).sort(), ['ours-terminal', 'ours-web']);
  t.is(find(objects, 'ServiceAccount', 'ours-web')?.metadata.annotations?.['example.org/role'], 'web');
  const used = (kind: string, name: string) => find(objects, kind, name)?.spec.template.spec.serviceAccountName;
  t.is(used('Deployment', 'warmterm-manager'), 'ours-manager');
  t.is(used('Deployment', 'warmterm-webserver'), 'ours-web');
  t.is(used('StatefulSet', 'default'), 'ours-terminal');
  // The manager accepts the webserver's account, the role is bound to the manager's, and the policy applies to it.
  t.deepEqual(readManagerConfig(environment(objects, 'manager')).WARMTERM_CLIENTS, ['ours-web']);
  const bindings = objects.filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind)) as unknown as {
    subjects: { name: string }[];
  }[];
  t.true(bindings.length >= 2);
  for (const { subjects } of bindings)
    t.deepEqual(
      subjects.map(({ name }) => name),
      ['ours-manager'],
    );
  const conditions = objects
    .filter(({ kind, spec }) => kind === 'ValidatingAdmissionPolicy' && JSON.stringify(spec).includes('by-the-manager'))
    .map(({ spec }) => spec.matchConditions[0].expression);
  t.true(conditions.length >= 2);
  for (const condition of conditions) {
    t.is(condition, 'request.userInfo.username == "system:serviceaccount:ours:ours-manager"');
  }
});

for (const [values, said] of [
  [
    { manager: { serviceAccount: { create: false } } },
    'manager.serviceAccount.create: false needs manager.serviceAccount.name',
  ],
  [
    { webserver: { serviceAccount: { name: 'a' } }, terminals: { serviceAccount: { name: 'a' } } },
    'terminals.serviceAccount.name: "a" is the account of another component',
  ],
] as const) {
  test(`inv 10: ${JSON.stringify(values)} is refused`, async (t) => {
    const { refusal } = await render(values);
    t.true(refusal.includes(said), refusal);
  });
}

test('budgets: maxUnavailable and minAvailable', async (t) => {
  const budget = async (pdb: object) => {
    const objects = await objectsOf({ manager: { pdb } });
    const { minAvailable, maxUnavailable } = find(objects, 'PodDisruptionBudget', 'warmterm-manager')?.spec ?? {};
    return { minAvailable, maxUnavailable };
  };
  t.deepEqual(await budget({}), { minAvailable: undefined, maxUnavailable: 1 });
  t.deepEqual(await budget({ maxUnavailable: '50%' }), { minAvailable: undefined, maxUnavailable: '50%' });
  t.deepEqual(await budget({ minAvailable: 0 }), { minAvailable: 0, maxUnavailable: undefined });
  t.deepEqual(await budget({ minAvailable: '25%' }), { minAvailable: '25%', maxUnavailable: undefined });
  t.regex((await render({ manager: { pdb: { minAvailable: 'half' } } })).refusal, /manager\.pdb\.minAvailable/);
  const pdb = { enabled: false };
  const objects = await objectsOf({ manager: { pdb }, webserver: { pdb }, terminals: { pdb } });
  t.deepEqual(
    objects.filter(({ kind }) => kind === 'PodDisruptionBudget'),
    [],
  );
});

test('services: IP families apply to every Service, also to the manager’s', async (t) => {
  const families = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] };
  const objects = await objectsOf({ ...families, metrics: { enabled: true } });
  const services = objects.filter(({ kind }) => kind === 'Service');
  t.is(services.length, 5);
  for (const { spec, metadata } of services) t.like(spec, families, metadata.name);
  t.deepEqual(readIpFamilies(readManagerConfig(environment(objects, 'manager'))), families);
  for (const { spec } of (await objectsOf({})).filter(({ kind }) => kind === 'Service')) {
    t.false('ipFamilies' in spec || 'ipFamilyPolicy' in spec);
  }
});

test('services: class and ranges apply to a LoadBalancer only', async (t) => {
  const details = { loadBalancerClass: 'internal', loadBalancerSourceRanges: ['192.0.2.0/24'] };
  const service = async (type: string) =>
    find(await objectsOf({ webserver: { service: { type, ...details } } }), 'Service', 'warmterm-webserver')?.spec;
  t.like(await service('LoadBalancer'), details);
  t.false(Object.keys(await service('NodePort')).some((key) => key.startsWith('loadBalancer')));
  const { refusal } = await render({ webserver: { service: { loadBalancerSourceRanges: ['192.0.2.256/24'] } } });
  t.regex(refusal, /webserver\.service\.loadBalancerSourceRanges: "192\.0\.2\.256\/24" is not a range/);
});

test('ingress: several hosts and certificates, and a base path', async (t) => {
  const tls = [
    { hosts: ['a.example.org'], secretName: 'a' },
    { hosts: ['b.example.net'], secretName: 'b' },
  ];
  const hosts = ['a.example.org', 'b.example.net'];
  const ingress = { enabled: true, hosts, tls, pathType: 'ImplementationSpecific', pathSuffix: '*' };
  const httpRoute = { enabled: true, parentRefs: [{ name: 'edge' }] };
  const objects = await objectsOf({ webserver: { basePath: '/shell', ingress, httpRoute } });
  const { spec } = find(objects, 'Ingress', 'warmterm-webserver')!;
  t.deepEqual(spec.tls, tls);
  t.deepEqual(
    spec.rules.map(({ host }: { host: string }) => host),
    hosts,
  );
  for (const rule of spec.rules) {
    t.like(rule.http.paths[0], { path: '/shell*', pathType: 'ImplementationSpecific' });
  }
  const [match] = find(objects, 'HTTPRoute', 'warmterm-webserver')!.spec.rules[0].matches;
  t.deepEqual(match, { path: { type: 'PathPrefix', value: '/shell' } });
  const config = readWebserverConfig(environment(objects, 'webserver'));
  t.is(config.WARMTERM_BASE_PATH, '/shell');
  t.deepEqual(config.WARMTERM_HOSTS?.slice(0, 2), hosts);
  t.false('WARMTERM_BASE_PATH' in environment(await objectsOf({}), 'webserver'));
  t.regex(
    (await render({ webserver: { basePath: 'shell/' } })).refusal,
    /webserver\.basePath must be one of the following: "a path/,
  );
});

test('network policies: extra egress of the webserver and the manager applies to each alone', async (t) => {
  const rule = (address: string) => ({ to: [{ ipBlock: { cidr: `${address}/32` } }] });
  const networkPolicy = { webserverEgress: [rule('192.0.2.1')], managerEgress: [rule('192.0.2.2')] };
  const objects = await objectsOf({ networkPolicy });
  const egress = (component: string) =>
    JSON.stringify(find(objects, 'NetworkPolicy', `warmterm-${component}`)?.spec.egress);
  t.deepEqual(
    ['terminal', 'webserver', 'manager'].map((component) => egress(component).match(/192\.0\.2\.\d/g)),
    [null, ['192.0.2.1'], ['192.0.2.2']],
  );
});

test('extra objects are maps or text, with templates', async (t) => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-a' }, data: { a: '1' } };
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {b: {{ .Values.webserver.replicas | quote }}}';
  const objects = await objectsOf({ extraObjects: [map, text] });
  t.deepEqual(find(objects, 'ConfigMap', 'warmterm-a')?.data, { a: '1' });
  t.deepEqual(find(objects, 'ConfigMap', 'b')?.data, { b: '2' });
});

test('objects: features that are off render nothing', async (t) => {
  const objects = await objectsOf(`${chart}/ci/default-values.yaml`);
  t.notRegex(JSON.stringify(objects), /initContainers|envFrom|hostAliases|dnsConfig|dnsPolicy|"annotations":\{\}/);
});
