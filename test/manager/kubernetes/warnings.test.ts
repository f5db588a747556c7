// Warnings of the API server: parsed, and logged once each.

import test from 'ava';
import { createWarningLog, readWarnings } from '../../../manager/kubernetes/warnings.ts';
import { silent } from '../../helpers/manager.ts';

test('warnings: one header holds several, with quotes and commas in their texts', (t) => {
  t.deepEqual(readWarnings(undefined), []);
  t.deepEqual(readWarnings('299 - "policy/v1beta1 PodDisruptionBudget is deprecated, use policy/v1"'), [
    'policy/v1beta1 PodDisruptionBudget is deprecated, use policy/v1',
  ]);
  t.deepEqual(readWarnings('299 - "unknown field \\"spec.a\\"", 299 - "299 is no code here", 199 - "not for us"'), [
    'unknown field "spec.a"',
    '299 is no code here',
  ]);
});

test('warnings: each is logged once, and no more than 100', (t) => {
  const lines: object[] = [];
  const warn = createWarningLog({ ...silent, warn: (line: object) => void lines.push(line) } as typeof silent);
  const request = { method: 'GET', path: '/a' };
  for (let time = 0; time < 3; time++) warn('old', request);
  t.deepEqual(lines, [{ ...request, warning: 'old' }]);
  for (let number = 0; number < 200; number++) warn(`old ${number}`, request);
  t.is(lines.length, 100);
});
