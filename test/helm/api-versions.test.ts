// The cluster serves every API that the chart and the manager use, and no later release removes it. Checked for the oldest supported
// Kubernetes, for each that added or removed an API, and for the newest that the client library knows.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import anyTest from 'ava';
import { apiProblem, isKnown, listed } from '../helpers/api-versions.ts';
import { chart, helmProgram, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

// Helm takes a second for each.
const renderings = [
  ...[20, 21, 23, 27, 30].map((minor) => ({ minor, values: 'everything' })),
  ...['everything', 'default', 'nothing', 'root'].map((values) => ({ minor: 36, values })),
];
for (const { minor, values } of renderings) {
  test(`with ci/${values}-values.yaml the chart renders only APIs that Kubernetes 1.${minor} serves, none deprecated`, async (t) => {
    const policies = minor >= 30 ? ['admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy'] : [];
    const { objects, refusal } = await render(`${chart}/ci/${values}-values.yaml`, `1.${minor}.0`, policies);
    t.is(refusal, '');
    const used = objects as unknown as { apiVersion: string; kind: string }[];
    const problems = new Set(used.map(({ apiVersion, kind }) => apiProblem({ apiVersion, kind, minor })));
    problems.delete(undefined);
    t.deepEqual([...problems], []);
  });
}

anyTest('the manager asks for no API version that is deprecated or unknown', (t) => {
  const folder = fileURLToPath(new URL('../../manager', import.meta.url));
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const found = new Set<string>();
  for (const path of sources) {
    const text = readFileSync(`${folder}/${path}`, 'utf8');
    for (const [, apiVersion = ''] of text.matchAll(/(?:\/apis\/|')([a-z][a-z0-9.]*\/v\d+(?:(?:alpha|beta)\d+)?)\b/g)) {
      found.add(apiVersion);
    }
  }
  t.true(found.has('coordination.k8s.io/v1') && found.has('apps/v1'), [...found].join());
  t.deepEqual(
    [...found].map((apiVersion) => apiProblem({ apiVersion, kind: undefined, minor: 36 })).filter(Boolean),
    [],
  );
});

anyTest('API problems: what is removed, deprecated, too new or unknown is named', (t) => {
  const problem = (apiVersion: string, kind: string, minor: number) => apiProblem({ apiVersion, kind, minor });
  t.is(problem('policy/v1beta1', 'PodDisruptionBudget', 20), undefined);
  t.regex(problem('policy/v1beta1', 'PodDisruptionBudget', 21) ?? '', /policy\/v1beta1 is deprecated since 1\.21/);
  t.regex(problem('policy/v1beta1', 'PodDisruptionBudget', 36) ?? '', /policy\/v1beta1 is removed since 1\.25/);
  t.regex(problem('policy/v1', 'PodDisruptionBudget', 20) ?? '', /policy\/v1 is served only from 1\.21/);
  t.regex(problem('v1', 'Endpoints', 36) ?? '', /v1 Endpoints is deprecated since 1\.33/);
  t.regex(problem('apps/v3', 'StatefulSet', 36) ?? '', /apps\/v3 StatefulSet is unknown/);
  t.regex(problem('v1', 'Terminal', 36) ?? '', /v1 Terminal is unknown/);
  t.is(problem('gateway.networking.k8s.io/v1', 'HTTPRoute', 36), undefined);
});

anyTest('API problems: what the list calls removed, the client library does not know either', (t) => {
  const removed = listed.filter(({ removed }) => removed !== undefined);
  t.deepEqual(
    removed.filter(({ api, kind }) => isKnown(api, kind)),
    [],
  );
});

const oldest = 20;

test('a cluster older than the oldest supported version is refused, and the documents name the same version', async (t) => {
  t.regex((await render({}, `1.${oldest - 1}.16`)).refusal, /chart requires kubeVersion: >=1\.20\.0-0/);
  t.is((await render({}, `1.${oldest}.0`)).refusal, '');
  const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
  t.true(read('README.md').includes(`Any Kubernetes from 1.${oldest} on`));
  t.true(read('docs/install.md').includes(`| before 1.${oldest} | not supported`));
});
