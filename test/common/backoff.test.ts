import test from 'ava';
import { doublingPauseMs, pauseMs } from '../../common/backoff.ts';

test('backoff: random jitter shortens a pause by at most a quarter', (t) => {
  t.deepEqual([pauseMs(1, 0), pauseMs(1, 0.5), pauseMs(1, 1)], [188, 219, 250]);
  t.deepEqual([pauseMs(6, 0), pauseMs(99, 1), pauseMs(0, 1)], [3_750, 5_000, 250]);
});

test('backoff: a doubling pause stays at its maximum', (t) => {
  const pauses = [1, 2, 3, 4, 2_000].map((failures) => doublingPauseMs(failures, { firstMs: 100, maxMs: 500 }));
  t.deepEqual(pauses, [100, 200, 400, 500, 500]);
});
