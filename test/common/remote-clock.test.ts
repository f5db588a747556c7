import test from 'ava';
import { createRemoteClock } from '../../common/remote-clock.ts';

const noon = Date.UTC(2026, 0, 1, 12);

/** A clock that nobody sets, which shows `passed`, and a wall clock that shows `wall`. */
function setUp(wall: number) {
  const at = { passed: 5_000, wall };
  return { at, clock: createRemoteClock({ wall: () => at.wall, monotonic: () => at.passed }) };
}

test('before anything was heard, it is the time of this machine', (t) => {
  t.is(setUp(noon).clock.now(), noon);
});

test('it is as far off as the answer was on its way, at most, and goes on when the wall clock is set', (t) => {
  const { at, clock } = setUp(noon + 3_600_000);
  at.passed += 40;
  clock.observe({ earliest: noon, since: at.passed - 40 });
  t.true(clock.now() >= noon && clock.now() <= noon + 40, String(clock.now() - noon));
  const before = clock.now();
  at.wall = 0;
  at.passed += 60_000;
  t.is(clock.now(), before + 60_000);
});

test('a wall clock that may be right is believed', (t) => {
  const { at, clock } = setUp(noon + 20);
  clock.observe({ earliest: noon, since: at.passed - 40 });
  t.is(clock.now(), noon + 20);
  at.passed += 1_000;
  clock.observe({ earliest: noon + 1_000, since: at.passed - 3_000 });
  t.is(clock.now(), noon + 1_020, 'a slow answer confirms it');
});

test('a machine that has slept catches up with the next answer', (t) => {
  const { at, clock } = setUp(noon);
  clock.observe({ earliest: noon, since: at.passed });
  clock.observe({ earliest: noon + 3_600_000, since: at.passed });
  t.is(clock.now(), noon + 3_600_000);
});

test('the earliest time alone moves it forward only', (t) => {
  const { at, clock } = setUp(noon);
  clock.observe({ earliest: noon, since: at.passed });
  const latest = Number.POSITIVE_INFINITY;
  clock.observe({ earliest: noon - 60_000, latest, since: 0 });
  t.is(clock.now(), noon);
  clock.observe({ earliest: noon + 60_000, latest, since: 0 });
  t.is(clock.now(), noon + 60_000);
});
