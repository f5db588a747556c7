// Clusters that assign user ids and groups themselves, as OpenShift does.

import anyTest from 'ava';
import { chart, helmProgram, type Rendered, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

async function podsOf(values: string | object, kubeVersion?: string): Promise<Rendered['spec'][]> {
  const { objects, refusal } = await render(values, kubeVersion);
  if (refusal) throw new Error(refusal);
  return objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Pod'].includes(kind))
    .map(({ kind, spec }) => (kind === 'Pod' ? spec : spec.template.spec));
}
const ids = ['runAsUser', 'runAsGroup', 'fsGroup', 'fsGroupChangePolicy'];

for (const kubeVersion of ['1.20.0', '1.27.0', '1.30.0', '1.36.0']) {
  test(`the example for OpenShift leaves ids to the cluster, and stays restricted, on Kubernetes ${kubeVersion}`, async (t) => {
    const pods = await podsOf(`${chart}/examples/openshift.yaml`, kubeVersion);
    t.is(pods.length, 4);
    for (const { securityContext, containers } of pods) {
      t.deepEqual(securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        t.false(ids.some((id) => id in container.securityContext));
        t.like(container.securityContext, { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
      }
    }
  });
}

test('the example for OpenShift: every pod reaches its DNS, at its port and no other', async (t) => {
  const { objects } = await render(`${chart}/examples/openshift.yaml`);
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  t.is(policies.length, 3);
  for (const { spec } of policies) {
    const dns = spec.egress.find(({ to }: { to?: object[] }) => JSON.stringify(to ?? []).includes('openshift-dns'));
    t.deepEqual(dns.ports, [
      { port: 5353, protocol: 'UDP' },
      { port: 5353, protocol: 'TCP' },
    ]);
    t.false(JSON.stringify(spec.egress).includes('"port":53,'));
  }
});

test('openshift: a pod without an fsGroup reads the mounted secrets', async (t) => {
  const modes = async (values: object) =>
    (await podsOf({ secret: { existing: 'mine' }, ...values }))
      .flatMap(({ volumes = [] }) => volumes)
      .filter(({ secret }: { secret?: object }) => secret)
      .map(({ secret }: { secret: { defaultMode: number } }) => secret.defaultMode);
  t.deepEqual(await modes({}), [0o440, 0o440]);
  t.deepEqual(await modes({ assignUserIds: false }), [0o444, 0o444]);
});

test('openshift: a pool with another user than the image has a volume for the user’s name', async (t) => {
  const { objects } = await render({
    pools: [
      { name: 'usual' },
      { name: 'other', podSecurityContext: { runAsUser: 1_000_660_000 } },
      { name: 'assigned', podSecurityContext: { runAsUser: '' } },
      { name: 'root', root: true },
    ],
  });
  const mounted = objects
    .filter(({ kind }) => kind === 'StatefulSet')
    .filter(({ spec }) => {
      const { containers, volumes } = spec.template.spec;
      const mount = containers[0].volumeMounts.find(
        ({ mountPath }: { mountPath: string }) => mountPath === '/var/lib/extrausers',
      );
      return mount && volumes.some(({ name }: { name: string }) => name === mount.name);
    });
  t.deepEqual(
    mounted.map(({ metadata }) => metadata.name),
    ['other', 'assigned'],
  );
});
