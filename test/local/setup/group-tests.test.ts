import test from 'ava';
import { groupTests } from '../../../local/setup/group-tests.mjs';
import { nameTests } from '../../../local/setup/name-tests.mjs';
import { compareFiles } from '../../../local/setup/order-tests.mjs';

const plain = "test('a', (t) => t.pass());";
const group = (files: Record<string, { text?: string; parts?: string[] }>) =>
  groupTests(
    Object.keys(files),
    new Map(Object.entries(files).map(([file, { parts = [] }]) => [file, new Set(parts)])),
    (file: string) => files[file]?.text ?? plain,
  );

test('group tests: files of one folder share a process, unless they need their own', (t) => {
  const groups = group({
    'test/manager/a.test.ts': {},
    'test/manager/model/b.test.ts': {},
    'test/common/c.test.ts': {},
  });
  t.deepEqual([...groups], [['manager-1', ['test/manager/a.test.ts', 'test/manager/model/b.test.ts']]]);
});

test('group tests: a process has at most 16 files, and neighbours are in different processes', (t) => {
  const files = Array.from({ length: 17 }, (_, index) => `test/manager/${String.fromCharCode(97 + index)}.test.ts`);
  const groups = group(Object.fromEntries(files.map((file) => [file, {}])));
  t.deepEqual(
    [...groups.values()].map((members) => members.length),
    [9, 8],
  );
  t.deepEqual(groups.get('manager-1')?.slice(0, 2), ['test/manager/a.test.ts', 'test/manager/c.test.ts']);
});

const alone = test.macro<[{ text?: string; parts?: string[] }]>({
  title: (what) => `a file that ${what} has its own process`,
  exec: (t, file) => t.deepEqual(group({ 'test/manager/a.test.ts': file, 'test/manager/b.test.ts': {} }), new Map()),
});
test('starts programs', alone, { parts: ['test/helpers/x.ts', 'node:child_process'] });
test('starts browsers', alone, { parts: ['playwright-core'] });
test('tries many histories', alone, { parts: ['test/helpers/long.ts'] });
test('has a hook', alone, { text: 'test.before(() => {});' });
test('runs its tests one by one', alone, { text: "test.serial('a', (t) => t.pass());" });
test('sets the environment', alone, { text: "process.env.HOME = '/';" });
test('clears the environment', alone, { text: 'delete process.env.HOME;' });
test('waits for how it declares its tests', alone, { text: 'const isolated = skipIf(await why(), test);' });
test('waits before it declares its tests', alone, { text: 'const built = await build();' });

const browsers = { parts: ['playwright-core'], text: "test.serial('a', (t) => t.pass());" };

test('group tests: serial end-to-end files share a process, four at most', (t) => {
  const files = ['a', 'b', 'c', 'd', 'e'].map((name) => `test/e2e/${name}.test.ts`);
  const groups = group(Object.fromEntries(files.map((file) => [file, browsers])));
  t.deepEqual(
    [...groups].map(([name, members]) => [name, members.length]),
    [
      ['e2e-programs-1', 3],
      ['e2e-programs-2', 2],
    ],
  );
});

test('group tests: end-to-end files that are long, concurrent or have a hook get their own process', (t) => {
  const concurrent = { ...browsers, text: plain };
  const files = { 'test/e2e/a.test.ts': concurrent, 'test/e2e/pool.test.ts': browsers, 'test/e2e/b.test.ts': browsers };
  const hooked = { ...browsers, text: `test.serial.before(() => {});\n${browsers.text}` };
  t.deepEqual(group({ ...files, 'test/e2e/c.test.ts': hooked }), new Map());
});

test('group tests: long files start first, then shared processes of end-to-end tests', (t) => {
  const bundles = ['common/a', 'together/e2e-programs-1', 'e2e/pool', 'helm/a'].map(
    (name) => `dist-tests/1/test/${name}.test.mjs`,
  );
  t.deepEqual(bundles.toSorted(compareFiles), [bundles[2], bundles[1], bundles[3], bundles[0]]);
});

test('group tests: a file with its own process declares its tests to ava itself', (t) => {
  t.is(nameTests(test, 'test/a.test.ts'), test);
});
