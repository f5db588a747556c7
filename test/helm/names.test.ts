// Names that YAML parses as numbers or booleans, and names that Kubernetes restricts.

import anyTest from 'ava';
import { chart, helmProgram, type Installation, type Rendered, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);
const everything = `${chart}/ci/everything-values.yaml`;

async function renderAs(installation: Installation, values: string | object = {}): Promise<Rendered[]> {
  const { objects, refusal } = await render(values, undefined, policies, installation);
  if (refusal) throw new Error(refusal);
  return objects;
}
const policies = ['admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy'];

// The fields in which the API server requires a string, at any depth.
const stringMaps = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector', 'data']);
const strings =
  /^(name|namespace|value|secretName|serviceName|image|host|policyName|[a-z]+ClassName|serviceAccountName|instance)$/i;

/** Paths of values that must be strings and are not. */
function unquoted(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => unquoted(item, `${path}.${index}`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const inMap = stringMaps.has(path.split('.').at(-1) ?? '') || (/\.selector$/.test(path) && key !== 'matchLabels');
    if (typeof inner === 'object' && inner !== null) return unquoted(inner, `${path}.${key}`);
    return (inMap || strings.test(key)) && typeof inner !== 'string' ? [`${path}.${key}: ${inner}`] : [];
  });
}

for (const installation of [
  { release: '2027', namespace: '2027' },
  { release: 'no', namespace: 'true' },
  { release: '1e3', namespace: 'null' },
]) {
  test(`release ${installation.release} in namespace ${installation.namespace}: names are strings`, async (t) => {
    const pools = [{ name: 'no' }, { name: 'y', runtimeClassName: '101', priorityClassName: '0x1' }];
    const ingress = { enabled: true, hosts: ['1.2'], className: 'off', tls: [{ hosts: ['1.2'], secretName: '101' }] };
    const named = {
      ...{ pools, images: { pullSecrets: ['101'] }, secret: { existing: '1_000' } },
      webserver: { pool: 'no', ingress },
    };
    for (const values of [named, everything]) {
      const objects = await renderAs(installation, values);
      t.deepEqual(
        objects.flatMap((object) => unquoted(object, `${object.kind} ${object.metadata.name}`)),
        [],
      );
    }
  });
}

for (const [release, name] of [
  ['2027-class', 'warmterm-2027-class'],
  ['2027-warmterm', 'warmterm-2027-warmterm'],
  ['my.shells', 'my-shells-warmterm'],
  ['warmterm', 'warmterm'],
  [`${'a'.repeat(39)}-${'b'.repeat(13)}`, 'a'.repeat(39)],
] as const) {
  test(`release ${release}: its Services begin with ${name}, which Kubernetes accepts`, async (t) => {
    const objects = await renderAs({ release, namespace: 'ours' }, everything);
    const services = objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
    t.true(services.includes(`${name}-webserver`), services.join());
    for (const service of services) t.regex(service, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
}

for (const name of ['101', '3d-printing', '-a', 'a-', 'A', 'a_b', 'a.b', 'a'.repeat(41)]) {
  test(`inv 10: a pool called ${name} is refused before anything is installed`, async (t) => {
    const { refusal } = await render({ pools: [{ name }] });
    t.true(refusal.includes(`pools: "${name}" is not a valid name of a pool`), refusal);
  });
}

test('names: two releases share no cluster-scoped name', async (t) => {
  const namespaced = /^(Role|RoleBinding)$/;
  const clusterScoped = async (installation: Installation) =>
    (await renderAs(installation))
      .filter(({ kind }) => /^(Cluster|Validating)/.test(kind) && !namespaced.test(kind))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const one = await clusterScoped({ release: 'c-warmterm', namespace: 'a-b' });
  const other = await clusterScoped({ release: 'b-c-warmterm', namespace: 'a' });
  t.is(one.length, 8);
  t.deepEqual(
    one.filter((name) => other.includes(name)),
    [],
  );
});

for (const [kubeVersion, policy] of [
  ['1.20.0', undefined],
  ['1.26.0', undefined],
  ['1.27.0', 'AlwaysAllow'],
  ['1.30.0', 'AlwaysAllow'],
  ['1.36.0', 'AlwaysAllow'],
] as const) {
  test(`a drain on Kubernetes ${kubeVersion} waits for unready managers and webservers: ${policy ? 'no' : 'yes'}`, async (t) => {
    const { objects } = await render({}, kubeVersion);
    const budgets = objects.filter(
      ({ kind, metadata }) => kind === 'PodDisruptionBudget' && !/in-use/.test(metadata.name),
    );
    t.is(budgets.length, 2);
    for (const { spec } of budgets) t.is(spec.unhealthyPodEvictionPolicy, policy);
  });
}

test('names: each port has a protocol, which server-side apply needs to merge ports', async (t) => {
  const { objects } = await render(everything);
  const ports = objects.flatMap(({ kind, metadata, spec }) => {
    const containers = spec?.template?.spec.containers ?? [];
    const all = [
      ...(kind === 'Service' ? spec.ports : []),
      ...containers.flatMap(({ ports = [] }: { ports?: object[] }) => ports),
    ];
    return all.map((port: { protocol?: string }) => ({ of: `${kind} ${metadata.name}`, protocol: port.protocol }));
  });
  t.true(ports.length > 8);
  t.deepEqual(
    ports.filter(({ protocol }) => protocol !== 'TCP'),
    [],
  );
});
