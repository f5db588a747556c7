import test from 'ava';
import { formatDuration, parseDuration } from '../../common/duration.ts';

for (const [text, ms] of [
  ['500ms', 500],
  ['30s', 30_000],
  [' 15m ', 900_000],
  ['6h', 21_600_000],
  ['2d', 172_800_000],
  ['0s', 0],
  ['25d', undefined],
  ['15', undefined],
  ['1.5h', undefined],
  ['-1s', undefined],
  ['1h30m', undefined],
  ['', undefined],
  ['s', undefined],
] as const) {
  test(`duration: ${JSON.stringify(text)} is ${ms === undefined ? 'refused' : `${ms} ms`}`, (t) => {
    t.is(parseDuration(text), ms);
  });
}

test('duration: formats in the largest exact unit', (t) => {
  t.deepEqual([500, 90_000, 900_000, 86_400_000, 0].map(formatDuration), ['500ms', '90s', '15m', '1d', '0ms']);
});
