import test from 'ava';
import { look } from '../../../terminal/session/countdown.ts';
import { IdleClock } from '../../../terminal/session/idle-clock.ts';
import { Lifetime } from '../../../terminal/session/lifetime.ts';

const idle = { reason: 'idle', warnAt: 80, endAt: 100 } as const;
const lifetime = { reason: 'lifetime', warnAt: 60, endAt: 120 } as const;

test('countdown: before a warning, returns when to check again', (t) => {
  t.deepEqual(look([idle, lifetime], 10), { ending: undefined, nextAt: 60 });
});
test('countdown: shows the nearest deadline', (t) => {
  t.deepEqual(look([idle, lifetime], 70), { ending: lifetime, nextAt: 80 });
  t.deepEqual(look([idle, lifetime], 80), { ending: idle, nextAt: 100 });
});
test('countdown: the first passed deadline is the reason', (t) => {
  t.is(look([lifetime, idle], 100).over, 'idle');
  t.is(look([lifetime, idle], 500).over, 'idle');
  t.is(look([lifetime], 120).over, 'lifetime');
});
test('countdown: without deadlines, nothing to check', (t) => {
  t.deepEqual(look([undefined, undefined], 5), { ending: undefined, nextAt: undefined });
});

test('idle-clock: has no deadline before the first browser', (t) => {
  t.is(new IdleClock({ timeoutMs: 100, warningMs: 20 }).deadline(), undefined);
});
test('idle-clock: activity moves the deadline; older activity does not move it back', (t) => {
  const clock = new IdleClock({ timeoutMs: 100, warningMs: 20 });
  clock.touch(50);
  clock.touch(40);
  t.deepEqual(clock.deadline(), { reason: 'idle', warnAt: 130, endAt: 150 });
});
test('idle-clock: the warning is at most half of the timeout', (t) => {
  const clock = new IdleClock({ timeoutMs: 100, warningMs: 80 });
  clock.touch(0);
  t.is(clock.deadline()?.warnAt, 50);
});
test('idle-clock: a changed timeout counts from the same activity', (t) => {
  const clock = new IdleClock({ timeoutMs: 100, warningMs: 20 });
  clock.touch(10);
  clock.setTimeout(500, 20);
  t.is(clock.deadline()?.endAt, 510);
});
test('idle-clock: a shortened timeout leaves an idle session the full warning', (t) => {
  const clock = new IdleClock({ timeoutMs: 900, warningMs: 20 });
  clock.touch(0);
  clock.setTimeout(60, 500);
  t.deepEqual(clock.deadline(), { reason: 'idle', warnAt: 500, endAt: 520 });
  clock.setTimeout(60, 510);
  t.is(clock.deadline()?.endAt, 520, 'the same timeout, told again, changes nothing');
  clock.touch(515);
  t.is(clock.deadline()?.endAt, 575);
});

test('lifetime: unknown until the manager reports it', (t) => {
  t.is(new Lifetime().deadline(), undefined);
});
test('lifetime: warns five minutes ahead, or for half of a short rest', (t) => {
  const long = new Lifetime();
  long.learn(3_600_000, 1_000);
  t.deepEqual(long.deadline(), { reason: 'lifetime', warnAt: 3_301_000, endAt: 3_601_000 });
  const short = new Lifetime();
  short.learn(1_000, 0);
  short.learn(400, 600);
  t.deepEqual(short.deadline(), { reason: 'lifetime', warnAt: 500, endAt: 1_000 });
});
test('lifetime: a changed lifetime applies at once', (t) => {
  const lifetime = new Lifetime();
  lifetime.learn(10_000, 0);
  lifetime.learn(-5, 100);
  t.is(look([lifetime.deadline()], 100).over, 'lifetime');
});
