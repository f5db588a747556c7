// Which folder may import which. The tables are the contract: docs/architecture.md describes the folders.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';

const root = new URL('../', import.meta.url);
const everything = ['bench', 'cli', 'common', 'frontend', 'local', 'manager', 'soak', 'terminal', 'test', 'webserver'];

/** The folders that each folder of the repository may import from, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  common: [],
  manager: ['common'],
  webserver: ['common'],
  terminal: ['common'],
  frontend: ['common'],
  cli: ['common'],
  // The stand-in for Kubernetes starts the services as processes, as a cluster does, and shares no code with them.
  local: ['common'],
  helm: [],
  bench: everything,
  soak: everything,
  test: everything,
};

/** The same for the folders of the manager. Each may also use `manager/kubernetes/port.ts`, except those of `pure`. */
const managerMayImport: Record<string, readonly string[]> = {
  model: [],
  workshops: ['model'],
  plan: ['model', 'workshops'],
  exposure: ['config.ts'],
  kubernetes: ['model', 'exposure'],
  queue: ['model', 'plan'],
  tickets: [],
  claims: ['model', 'queue', 'tickets'],
  sharing: ['model', 'claims', 'tickets'],
  health: ['model', 'plan'],
  events: ['model', 'plan', 'workshops'],
  reconcile: ['model', 'plan', 'events', 'health'],
  leader: [],
  peers: ['model'],
  api: ['model', 'plan', 'workshops', 'queue', 'tickets', 'claims', 'sharing', 'health', 'events'],
  'config.ts': [],
  metrics: ['model', 'plan', 'claims', 'reconcile', 'api'],
};

/** What the other folders of the manager may use of `manager/kubernetes/`. `main.ts` may use all of it. */
const ofKubernetes = ['port.ts', 'refusal.ts', 'api-error.ts'].map((name) => `manager/kubernetes/${name}`);

/** Files that may reach no I/O, through whatever they import: no part of Node but these, and no package but these. */
const pure = ['manager/model/', 'manager/plan/', 'manager/workshops/prewarm.ts', 'manager/workshops/fit.ts'];
const pureModules = ['node:util', 'zod', 'temporal-polyfill'];

/** Product folders of which one file or folder alone may use a package. */
const soleUsers: Record<string, string> = { '@kubernetes/client-node': 'manager/kubernetes/transport.ts' };
const products = ['cli', 'common', 'frontend', 'local', 'manager', 'terminal', 'webserver'];

type Import = { target: string; isType: boolean };
type Sources = ReadonlyMap<string, readonly Import[]>;

/** Paths of files of the repository, or names of packages. */
function importsOf(path: string, text: string): Import[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\s(?<clause>[^;'"]*?)from\s*'(?<from>[^']+)'|^import\s*'(?<bare>[^']+)'|\bimport\(\s*'(?<lazy>[^']+)'/gm,
  );
  return [...found].map(({ groups }) => {
    const { clause = '', from, bare, lazy } = groups!;
    const name = (from ?? bare ?? lazy)!;
    return { target: name.startsWith('.') ? join(dirname(path), name) : name, isType: /^type\s/.test(clause) };
  });
}

function findViolations(path: string, sources: Sources): string[] {
  const imports = sources.get(path) ?? [];
  const found = [...imports.flatMap(({ target }) => violationsOf(path, target)), ...impurities(path, sources)];
  return found.map((what) => `${path} ${what}`);
}

const folderOf = (path: string) => path.split('/')[0]!;
const isFile = (target: string) => /\.(ts|mjs|json)$/.test(target) && target.includes('/');

function violationsOf(path: string, target: string): string[] {
  const [from, to] = [folderOf(path), folderOf(target)];
  const sole = soleUsers[target];
  if (sole && products.includes(from) && path !== sole) return [`imports ${target}: only ${sole} may`];
  if (!isFile(target) || path.endsWith('.mjs')) return [];
  if (from !== to) {
    const allowed = mayImport[from];
    if (!allowed) return [`is in the folder ${from}, which the table does not name`];
    return allowed.includes(to) ? [] : [`imports ${target}: ${from} may not import ${to}`];
  }
  return from === 'manager' && path !== 'manager/main.ts' ? managerViolations(path, target) : [];
}

function managerViolations(path: string, target: string): string[] {
  const [from, to] = [path.split('/')[1]!, target.split('/')[1]!];
  if (from === to) return [];
  const allowed = managerMayImport[from];
  if (!allowed) return [`is in manager/${from}, which the table does not name`];
  if (to === 'kubernetes') return ofKubernetes.includes(target) ? [] : [`imports ${target}: only main.ts may`];
  return allowed.includes(to) ? [] : [`imports ${target}: manager/${from} may not import manager/${to}`];
}

/** Modules with I/O that a pure file reaches at run time. */
function impurities(path: string, sources: Sources): string[] {
  if (!pure.some((prefix) => path.startsWith(prefix))) return [];
  const reached = new Set<string>();
  const visit = (file: string) => {
    for (const { target, isType } of sources.get(file) ?? []) {
      if (isType || reached.has(target)) continue;
      reached.add(target);
      if (sources.has(target)) visit(target);
    }
  };
  visit(path);
  return [...reached]
    .filter((target) => (isFile(target) ? target.startsWith('manager/kubernetes/') : !pureModules.includes(target)))
    .map((target) => `must be pure, and reaches ${target}`);
}

/** The circles of files that import each other, types included; each once, from the file that comes first. */
function findCircles(sources: Sources, prefix: string): string[] {
  const circles = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, way: string[]) => {
    const start = way.indexOf(path);
    if (start >= 0) circles.add([...way.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const { target } of sources.get(path) ?? []) if (target.startsWith(prefix)) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of sources.keys()) if (path.startsWith(prefix)) visit(path, []);
  return [...circles];
}

const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist)/.test(entry.name))
  .map(({ name }) => name);
const sources: Sources = new Map(
  folders
    .flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => [path, importsOf(path, readFileSync(new URL(path, root), 'utf8'))]),
);

test('imports: every folder with sources is in the tables', (t) => {
  const paths = [...sources.keys()].map((path) => path.split('/'));
  const unknown = paths.filter(([folder]) => !(folder! in mayImport));
  const unknownInManager = paths.filter(([folder, name]) => folder === 'manager' && !(name! in managerMayImport));
  t.deepEqual(
    [...unknown, ...unknownInManager].map((path) => path.join('/')),
    ['manager/main.ts'],
  );
});

test('imports: no file breaks a rule', (t) => {
  t.true(sources.size > 500, `${sources.size} files`);
  t.deepEqual(
    [...sources.keys()].flatMap((path) => findViolations(path, sources)),
    [],
  );
});

test('imports: no circles in the manager', (t) => t.deepEqual(findCircles(sources, 'manager/'), []));

for (const [what, path, text, expected] of [
  [
    'a service that imports another',
    'webserver/a.ts',
    "import { a } from '../manager/b.ts';",
    /may not import manager/,
  ],
  [
    'a type of another service',
    'terminal/a.ts',
    "import type { A } from '../webserver/b.ts';",
    /may not import webserver/,
  ],
  [
    'a service that imports local',
    'manager/main.ts',
    "import {\n  a,\n} from '../local/b.ts';",
    /may not import local/,
  ],
  ['local that imports a service', 'local/a.ts', "export { a } from '../terminal/b.ts';", /may not import terminal/],
  ['common that imports a service', 'common/a.ts', "const a = await import('../cli/b.ts');", /may not import cli/],
  ['an unknown folder', 'relay/a.ts', "import { a } from '../common/b.ts';", /table does not name/],
  [
    'an upward import',
    'manager/model/a.ts',
    "import type { A } from '../plan/b.ts';",
    /model may not import manager\/plan/,
  ],
  [
    'the transport outside kubernetes',
    'manager/api/a.ts',
    "import { a } from '../kubernetes/transport.ts';",
    /only main/,
  ],
  ['the client outside kubernetes', 'manager/api/a.ts', "import { A } from '@kubernetes/client-node';", /only manager/],
  ['the client in local', 'local/a.ts', "import '@kubernetes/client-node';", /only manager/],
  ['I/O in plan', 'manager/plan/a.ts', "import { readFileSync } from 'node:fs';", /reaches node:fs/],
  ['I/O behind common', 'manager/plan/a.ts', "import { a } from '../../common/http/server.ts';", /reaches node:http/],
] as const) {
  test(`imports: ${what} is a violation`, (t) => {
    const changed = new Map(sources).set(path, importsOf(path, text));
    t.regex(findViolations(path, changed).join('\n'), expected);
  });
}

test('imports: a circle of types is found', (t) => {
  const changed = new Map(sources).set('manager/model/capacity.ts', [
    { target: 'manager/model/pool.ts', isType: true },
  ]);
  t.true(findCircles(changed, 'manager/').some((circle) => circle.includes('manager/model/pool.ts')));
});
