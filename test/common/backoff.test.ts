import test from 'ava';
import { pauseMs } from '../../common/backoff.ts';

test('chance takes at most a quarter off a pause', (t) => {
  t.deepEqual([pauseMs(1, 0), pauseMs(1, 0.5), pauseMs(1, 1)], [188, 219, 250]);
  t.deepEqual([pauseMs(6, 0), pauseMs(99, 1), pauseMs(0, 1)], [3_750, 5_000, 250]);
});
