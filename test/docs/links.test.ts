// Links of the documents lead somewhere: to a file of the repository, and to a heading of it.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import test from 'ava';

const root = new URL('../../', import.meta.url);
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...(readdirSync(new URL('docs/', root), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (url: URL) => readFileSync(url, 'utf8').replace(/^```[\s\S]*?^```/gm, '');

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(url: URL): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of read(url).matchAll(/^#+ +(.*)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

/** What is wrong with a link of the document at `from`; undefined where nothing is. */
function findFault(link: string, from: URL): string | undefined {
  const target = new URL(link, from);
  const anchor = decodeURIComponent(target.hash.slice(1));
  target.hash = '';
  if (!existsSync(target)) return `${link}: no such file`;
  if (anchor === '' || statSync(target).isDirectory()) return undefined;
  return anchorsOf(target).has(anchor) ? undefined : `${link}: no such heading`;
}

for (const name of documents) {
  test(`${name}: each relative link leads to a file and heading`, (t) => {
    const url = new URL(name, root);
    const links = [...read(url).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    const relative = links.filter((link) => !/^[a-z]+:/i.test(link));
    t.deepEqual(relative.map((link) => findFault(link, url)).filter(Boolean), []);
  });
}

test('links: checks README.md, CHANGELOG.md and all of docs', (t) => {
  for (const name of ['README.md', 'CHANGELOG.md', 'docs/install.md']) t.true(documents.includes(name), name);
});
