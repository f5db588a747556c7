import test from 'ava';
import {
  listTests,
  selectAffected,
  selectFailed,
  selectLong,
  selectPaths,
} from '../../../local/setup/select-tests.mjs';

const sources = new Map(
  Object.entries({
    'test/manager/reconcile/throttle.test.ts': [
      'test/manager/reconcile/throttle.test.ts',
      'manager/reconcile/throttle.ts',
    ],
    'test/e2e/idle.test.ts': ['test/e2e/idle.test.ts', 'test/helpers/system.ts'],
    'test/helm/chart.test.ts': ['test/helm/chart.test.ts'],
    'test/manager/reconcile/faults.test.ts': ['test/manager/reconcile/faults.test.ts', 'test/helpers/long.ts'],
  }).map(([file, parts]) => [file, new Set(parts)]),
);

const affected = test.macro<[string[], string[]]>({
  title: (_, changed) => `a change of ${changed.join(', ')} selects the tests that it can affect`,
  exec: (t, changed, expected) => t.deepEqual(selectAffected(sources, changed), expected),
});
test(affected, ['manager/reconcile/throttle.ts'], ['test/manager/reconcile/throttle.test.ts', 'test/e2e/idle.test.ts']);
test(affected, ['frontend/texts.ts'], ['test/e2e/idle.test.ts']);
test(affected, ['helm/values.yaml'], ['test/helm/chart.test.ts']);
test(affected, ['test/helpers/long.ts', 'README.md'], ['test/manager/reconcile/faults.test.ts']);
test(affected, ['package-lock.json'], [...sources.keys()]);
test(affected, ['README.md'], []);

test('select tests: a path names a file or a folder; a path without tests is an error', (t) => {
  const files = [...sources.keys()];
  t.deepEqual(selectPaths(files, ['test/manager', 'test/helm/chart.test.ts']), [
    'test/manager/reconcile/throttle.test.ts',
    'test/helm/chart.test.ts',
    'test/manager/reconcile/faults.test.ts',
  ]);
  t.throws(() => selectPaths(files, ['test/man']), { message: 'There is no test file at test/man.' });
});

test('select tests: the long run selects the files with a longer version', (t) => {
  t.deepEqual(selectLong(sources), ['test/manager/reconcile/faults.test.ts']);
});

test('select tests: a real cluster runs the end-to-end suites and its own suites', (t) => {
  const folders = (cluster: boolean) =>
    new Set(listTests({ cluster }).map((file: string) => file.split('/').slice(0, -1).join('/')));
  t.deepEqual(folders(true), new Set(['test/cluster', 'test/e2e']));
  t.true(folders(false).has('test/e2e/machine'));
  t.false(folders(false).has('test/cluster'));
});

test('select tests: finds failed files by a title, a crash, or a test that never ended', (t) => {
  const files = ['test/e2e/idle.test.ts', 'test/e2e/idle-two.test.ts', 'test/manager/model/idle.test.ts'];
  const [first, second, third] = files;
  t.deepEqual(selectFailed(files, ['  ✘ [fail]: e2e › idle › a title › of two parts']), [first]);
  t.deepEqual(
    selectFailed(files, ['  ✘ dist-tests/7/test/e2e/idle-two.test.mjs exited with a non-zero exit code: 1']),
    [second],
  );
  t.deepEqual(selectFailed(files, ['  1 tests were pending in dist-tests/7/test/manager/model/idle.test.mjs']), [
    third,
  ]);
  t.deepEqual(selectFailed(files.slice(0, 2), ['  ✘ [fail]: idle-two › a title']), [second]);
  t.deepEqual(selectFailed([first], ['  ✘ [fail]: a title']), [first]);
  t.deepEqual(selectFailed(files, []), []);
  t.deepEqual(selectFailed(files, ['  ✘ [fail]: e2e › idle › a title', '  ✘ something else']), []);
});

test('select tests: finds failed files of a shared process by the file in a title, or all after a crash', (t) => {
  const [first, second, alone] = [
    'test/manager/reconcile/throttle.test.ts',
    'test/manager/health/probe.test.ts',
    'test/e2e/idle.test.ts',
  ];
  const files = [first, second, alone];
  const groups = new Map([['manager-1', [first, second]]]);
  const shared = '  ✘ [fail]: together › manager-1 › test/manager/health/probe.test.ts › a title';
  t.deepEqual(selectFailed(files, [shared], groups), [second]);
  t.deepEqual(selectFailed(files, ['  ✘ [fail]: e2e › idle › a title', shared], groups), [second, alone]);
  t.deepEqual(
    selectFailed(
      files,
      ['  ✘ dist-tests/7/test/together/manager-1.test.mjs exited with a non-zero exit code: 1'],
      groups,
    ),
    [first, second],
  );
});
