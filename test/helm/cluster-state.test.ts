// How the chart handles existing objects of a cluster. `helm template` reads no cluster, so these tests pass the objects to the
// template helpers. test/cluster/chart.test.ts uses real ones.

import anyTest from 'ava';
import { helmProgram, renderText } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

test('autoscaling: keeps the present replicas of a Deployment within its bounds', async (t) => {
  const cases: [replicas: number | undefined, expected: string][] = [
    [4, 'replicas: 4'],
    [1, 'replicas: 2'],
    [9, 'replicas: 6'],
    [0, 'replicas: 0'],
    [undefined, ''],
  ];
  const calls = cases.map(([replicas]) => {
    const found = replicas === undefined ? 'dict' : `(dict "spec" (dict "replicas" ${replicas}))`;
    return `{{ include "warmterm.autoscaledReplicas" (list (dict "minReplicas" 2 "maxReplicas" 6) (${found})) }}`;
  });
  t.deepEqual(
    (await renderText(calls.join('|'))).split('|'),
    cases.map(([, expected]) => expected),
  );
});

test('notes: an upgrade names each changed setting', async (t) => {
  const annotations = { spare: '7', max: '20', 'idle-timeout': '15m', prewarm: '[]', theirs: 'x' };
  const found = Object.entries(annotations).map(([name, value]) => `"warmterm.dev/${name}" ${JSON.stringify(value)}`);
  const lines = await renderText(
    `{{ $pool := first (include "warmterm.pools" . | fromJson).pools }}` +
      `{{ include "warmterm.changedSettings" (list $pool (dict "metadata" (dict "annotations" (dict ${found.join(' ')})))) }}` +
      `{{ include "warmterm.changedSettings" (list $pool dict) }}` +
      `{{ include "warmterm.changedSettings" (list $pool (dict "metadata" (dict "name" "default"))) }}`,
    { poolDefaults: { spare: 3 } },
  );
  t.deepEqual(lines.split('\n').slice(1), [
    '  default: warmterm.dev/max was 20, is 10',
    '  default: warmterm.dev/spare was 7, is 3',
  ]);
});
