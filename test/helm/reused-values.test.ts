// `helm upgrade --reuse-values` gives a newer chart the defaults of an older one, which lack values added since.

import { readdirSync, readFileSync } from 'node:fs';
import anyTest from 'ava';
import { chart, helmProgram, render, renderWithDefaults } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

for (const values of [{}, `${chart}/ci/everything-values.yaml`]) {
  test(`reused values: absent values get their defaults, with ${typeof values === 'string' ? 'everything on' : 'none set'}`, async (t) => {
    const { objects, refusal } = await renderWithDefaults({}, values);
    t.is(refusal, '');
    t.deepEqual(objects, (await render(values)).objects);
  });
}

test('reused values: null gets the default; a replaced map is not filled in', async (t) => {
  const values = {
    ...{ webserver: null, manager: { logLevel: null }, networkPolicy: { dnsPorts: null } },
    poolDefaults: { resources: { limits: { cpu: null } } },
  };
  const { objects, refusal } = await render(values);
  t.is(refusal, '');
  const without = (object: unknown) => JSON.stringify(object).replace('"cpu":"1",', '');
  t.is(JSON.stringify(objects), without((await render({})).objects));
});

anyTest('each template fills in absent values first', (t) => {
  const folder = `${chart}/templates`;
  const templates = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(yaml|txt)$/.test(name),
  );
  t.true(templates.length > 8);
  for (const name of templates) {
    t.true(readFileSync(`${folder}/${name}`, 'utf8').startsWith('{{- include "warmterm.prepare" . -}}\n'), name);
  }
});
