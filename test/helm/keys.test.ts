// The keys are no object of the chart: the manager creates them, and every rendering names the same Secret.

import anyTest from 'ava';
import { helmProgram, type Rendered, type Rendering, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

type Named = { name: string; value?: string };
type Rule = { resources: string[]; resourceNames?: string[]; verbs: string[] };

/** The names of the keys' Secret everywhere in the chart, and the manager's permissions on Secrets. */
function describeKeys(objects: Rendered[]) {
  const part = (kind: string, component: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name.endsWith(`-${component}`));
  const pod = (component: string) => part('Deployment', component)!.spec.template.spec;
  const env: Named[] = pod('manager').containers[0].env;
  const { rules } = part('Role', 'manager') as unknown as { rules: Rule[] };
  return {
    manager: env.find(({ name }) => name === 'WARMTERM_KEYS_SECRET')?.value,
    keyFile: env.find(({ name }) => name === 'WARMTERM_SIGNING_KEY_FILE')?.value,
    webserver: pod('webserver').volumes[0].secret.secretName,
    rules: rules
      .filter(({ resources }) => resources.includes('secrets'))
      .map(({ resourceNames, verbs }) => ({ resourceNames, verbs })),
  };
}

for (const [release, name] of [
  ['warmterm', 'warmterm-keys'],
  ['shells', 'shells-warmterm-keys'],
  ['warmterm-2', 'warmterm-2-warmterm-keys'],
] as const) {
  test(`release ${release}: manager and webserver use the Secret ${name} with any fullnameOverride`, async (t) => {
    for (const fullnameOverride of ['', 'other']) {
      const { objects } = await render({ fullnameOverride }, undefined, [], { release, namespace: 'ours' });
      t.deepEqual(describeKeys(objects), {
        ...{ manager: name, keyFile: undefined, webserver: name },
        rules: [
          { resourceNames: undefined, verbs: ['create'] },
          { resourceNames: [name], verbs: ['get', 'patch'] },
        ],
      });
    }
  });
}

test('render: contains no Secret and is deterministic', async (t) => {
  const [first, second] = await Promise.all(
    ['', 'x'].map((owner) => render({ webserver: { podAnnotations: { owner } } })),
  );
  t.false(first!.objects.some(({ kind }) => kind === 'Secret'));
  const text = ({ objects }: Rendering) => JSON.stringify(objects).replace('"owner":"x"', '"owner":""');
  t.is(text(first!), text(second!));
});

test('secret: with an existing Secret, the manager reads its file and has no permission on Secrets', async (t) => {
  const { objects } = await render({ secret: { existing: 'mine' } });
  t.deepEqual(describeKeys(objects), {
    ...{ manager: undefined, keyFile: '/etc/warmterm/signing-key.pem', webserver: 'mine', rules: [] },
  });
});
