import test from 'ava';
import { pauseMs } from '../../common/backoff.ts';

test('backoff: jitter takes at most a quarter off a pause', (t) => {
  t.deepEqual([pauseMs(1, 0), pauseMs(1, 0.5), pauseMs(1, 1)], [188, 219, 250]);
  t.deepEqual([pauseMs(6, 0), pauseMs(99, 1), pauseMs(0, 1)], [3_750, 5_000, 250]);
});

test('backoff: each failure doubles the pause up to the limit', (t) => {
  const pauses = [1, 2, 3, 4, 5, 6].map((failures) => pauseMs(failures, 1, { firstMs: 50, maxMs: 1_000 }));
  t.deepEqual(pauses, [50, 100, 200, 400, 800, 1_000]);
  t.is(pauseMs(5_000, 1, { firstMs: 50, maxMs: 1_000 }), 1_000);
});
