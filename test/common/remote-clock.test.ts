import test from 'ava';
import { createRemoteClock } from '../../common/remote-clock.ts';

const noon = Date.UTC(2026, 0, 1, 12);

/** A monotonic clock that shows `passed`, and a wall clock that shows `wall`. */
function setUp(wall: number) {
  const at = { passed: 5_000, wall };
  return { at, clock: createRemoteClock({ wall: () => at.wall, monotonic: () => at.passed }) };
}

test('remote-clock: uses the local wall clock before the first answer', (t) => {
  t.is(setUp(noon).clock.now(), noon);
});

test('remote-clock: errs by at most the duration of the request, and ignores changes of the wall clock', (t) => {
  const { at, clock } = setUp(noon + 3_600_000);
  at.passed += 40;
  clock.observe({ earliest: noon, since: at.passed - 40 });
  t.true(clock.now() >= noon && clock.now() <= noon + 40, String(clock.now() - noon));
  const before = clock.now();
  at.wall = 0;
  at.passed += 60_000;
  t.is(clock.now(), before + 60_000);
});

test('remote-clock: uses the wall clock while it is within the possible range', (t) => {
  const { at, clock } = setUp(noon + 20);
  clock.observe({ earliest: noon, since: at.passed - 40 });
  t.is(clock.now(), noon + 20);
  at.passed += 1_000;
  clock.observe({ earliest: noon + 1_000, since: at.passed - 3_000 });
  t.is(clock.now(), noon + 1_020, 'a slow answer confirms it');
});

test('remote-clock: after suspension, the next answer corrects the time', (t) => {
  const { at, clock } = setUp(noon);
  clock.observe({ earliest: noon, since: at.passed });
  clock.observe({ earliest: noon + 3_600_000, since: at.passed });
  t.is(clock.now(), noon + 3_600_000);
});

test('remote-clock: a lower bound alone moves it forward only', (t) => {
  const { at, clock } = setUp(noon);
  clock.observe({ earliest: noon, since: at.passed });
  const latest = Number.POSITIVE_INFINITY;
  clock.observe({ earliest: noon - 60_000, latest, since: 0 });
  t.is(clock.now(), noon);
  clock.observe({ earliest: noon + 60_000, latest, since: 0 });
  t.is(clock.now(), noon + 60_000);
});
