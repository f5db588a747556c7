import test from 'ava';
import { Starts } from '../../../../manager/model/estimators/starts.ts';
import type { ObservedPod } from '../../../../manager/model/observation.ts';

const second = 1_000;
const timeout = 300 * second;
let uids = 0;

const starting = (rest: Partial<ObservedPod> = {}): ObservedPod => ({
  name: 'p-0',
  uid: `uid-${uids++}`,
  pool: 'p',
  ordinal: 0,
  version: 1,
  node: 'n',
  podAddress: undefined,
  healthAddress: undefined,
  createdAt: 0,
  ready: false,
  readyChangedAt: undefined,
  trouble: undefined,
  terminating: false,
  taken: false,
  retired: false,
  revision: undefined,
  claim: undefined,
  annotated: true,
  ...rest,
});

/** Pods that took these numbers of seconds. */
function after(...seconds: number[]): Starts {
  const starts = new Starts();
  for (const took of seconds) {
    const pod = starting();
    starts.observe(pod, timeout);
    starts.observe({ ...pod, ready: true, readyChangedAt: took * second }, timeout);
  }
  return starts;
}

test('starts: a default estimate until the first start', (t) => {
  t.is(new Starts().refillMs, 10 * second);
  // One second more, for the scale request.
  t.is(after(4).refillMs, 5 * second);
});

test('starts: adapts to slower starts within a few, and to faster ones more slowly', (t) => {
  const slower = after(...Array(30).fill(4), ...Array(5).fill(40)).refillMs;
  t.true(slower > 30 * second && slower < 41 * second, `${slower}`);
  const faster = after(...Array(30).fill(40), ...Array(5).fill(4)).refillMs;
  t.true(faster < 35 * second && faster > 20 * second, `${faster}`);
  t.true(after(...Array(30).fill(40), ...Array(60).fill(4)).refillMs < 6 * second);
});

test('starts: ignores starts over the deadline and clocks that went backwards', (t) => {
  t.is(after(4, 301, -7).refillMs, 5 * second);
});

test('starts: a pod counts once, however often it becomes Ready again', (t) => {
  const starts = after(4);
  const pod = starting({ ready: true, readyChangedAt: 4 * second });
  for (const readyChangedAt of [4, 90, 200]) {
    starts.observe({ ...pod, ready: true, readyChangedAt: readyChangedAt * second }, timeout);
    starts.observe({ ...pod, ready: false, readyChangedAt: readyChangedAt * second }, timeout);
  }
  t.is(starts.refillMs, 5 * second);
});

test('starts: counts pods that were never Ready until one is; pods that were Ready or claimed do not count', (t) => {
  const starts = new Starts();
  for (const expected of [1, 2, 3]) {
    starts.observe(starting(), timeout);
    starts.gone(0);
    t.is(starts.failures(0), expected);
  }
  t.true(starts.failing(1));
  t.false(starts.failing(0), 'the ordinal has been scaled away');
  // The deletion of the pod before the next one was not reported.
  starts.observe(starting(), timeout);
  starts.observe(starting({ ready: true, readyChangedAt: 1 }), timeout);
  t.is(starts.failures(0), 0);
  t.false(starts.failing(1));
  starts.gone(0);
  const claimed = starting({ taken: true });
  starts.observe(claimed, timeout);
  starts.gone(0);
  t.is(starts.failures(0), 0);
  const ending = starting({ ready: true, readyChangedAt: 1 });
  starts.observe(ending, timeout);
  starts.observe({ ...ending, ready: false, terminating: true }, timeout);
  starts.gone(0);
  t.is(starts.failures(0), 0);
});

test('starts: failures of an old revision do not count, and failures last until a pod is Ready', (t) => {
  const starts = new Starts();
  for (const revision of ['one', 'one', 'two']) {
    starts.observe(starting({ revision }), timeout);
    starts.gone(0);
  }
  t.is(starts.failures(0, 'two'), 1);
  t.is(starts.failures(0, 'one'), 0);
  starts.observe(starting({ revision: 'three' }), timeout);
  t.is(starts.failures(0, 'three'), 0);
  t.true(starts.failing(1));
});

/** The estimate after pods with these pairs of creation and Ready times. */
function startedAt(...spans: [number, number][]): Starts {
  const starts = new Starts();
  for (const [ordinal, [from, to]] of spans.entries()) {
    const times = { createdAt: from * second, ready: true, readyChangedAt: to * second };
    starts.observe(starting({ ordinal, ...times }), timeout);
  }
  return starts;
}
const burst = (count: number, each: number): [number, number][] =>
  Array.from({ length: count }, (_, index) => [0, 8 + Math.floor(index * each)]);

test('starts: without any seen pod, many at once are expected to be slow', (t) => {
  const starts = new Starts();
  t.is(starts.readyWithinMs(1), 1.5 * 11 * second);
  t.is(starts.readyWithinMs(41), 1.5 * (11 + 40) * second);
});

test('starts: a number seen together takes 1.5 times the slowest of them', (t) => {
  t.is(startedAt(...burst(40, 0)).readyWithinMs(40), 1.5 * 9 * second);
  t.is(startedAt(...burst(40, 0.5)).readyWithinMs(40), 1.5 * (8 + 19 + 1) * second);
  t.is(startedAt([0, 5], [100, 160]).readyWithinMs(1), 1.5 * 61 * second);
});

test('starts: larger numbers add the measured time for each pod, or a second after few pods', (t) => {
  const slow = startedAt(...burst(40, 1));
  t.is(slow.readyWithinMs(80), 1.5 * (8 + 39 + 1 + (40 * 39) / 40) * second);
  t.is(startedAt(...burst(40, 0)).readyWithinMs(80), 1.5 * (9 + 10) * second);
  t.is(startedAt([0, 5], [0, 9]).readyWithinMs(42), 1.5 * (10 + 40) * second);
});

test('starts: the estimate does not depend on the order of reports', (t) => {
  const spans: [number, number][] = [...burst(12, 1.5), [30, 33], [31, 39]];
  t.is(startedAt(...spans.toReversed()).readyWithinMs(50), startedAt(...spans).readyWithinMs(50));
});

test('starts: only the last hundred count', (t) => {
  const later = Array.from({ length: 100 }, (_, index): [number, number] => [1_000 + 10 * index, 1_005 + 10 * index]);
  t.is(startedAt([0, 200], ...later).readyWithinMs(1), 1.5 * 6 * second);
});
