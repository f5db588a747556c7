// The chart accepts the values that the documents show.

import { readdirSync, readFileSync } from 'node:fs';
import anyTest from 'ava';
import { parse } from 'yaml';
import { chart, helmProgram, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

const root = new URL('../../', import.meta.url);
const documents = ['README.md', ...readdirSync(new URL('docs', root)).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith('.md'),
);
const known = Object.keys(parse(readFileSync(`${chart}/values.yaml`, 'utf8')));
const blocks = documents.flatMap((path) =>
  [...readFileSync(new URL(path, root), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
    .map(([, text = '']) => parse(text) as object)
    .filter((block) => Object.keys(block).some((key) => known.includes(key)))
    .map((block, index) => ({ title: `${path}: block ${index + 1} of values`, block })),
);

for (const { title, block } of blocks) {
  test(title, async (t) => t.is((await render(block)).refusal, ''));
}

anyTest('some document shows values', (t) => t.true(blocks.length > 1));
