import test from 'ava';
import { Arrivals } from '../../../../manager/model/estimators/arrivals.ts';
import { baseStock } from '../../../../manager/plan/sizing.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const ratesOf = (arrivals: Arrivals, now: number, since = 0) => {
  arrivals.update(now);
  return arrivals.rates(now, since);
};

/** The number that `auto` keeps ready at `now`, when pods take ten seconds. */
const spare = (arrivals: Arrivals, now: number, since = 0) =>
  Math.max(...ratesOf(arrivals, now, since).map((rate) => baseStock(rate, 10 * second, 1_000)));

/** The estimated rate: the higher of the two. */
const perMinute = (arrivals: Arrivals, now: number, since = 0) =>
  Math.max(...ratesOf(arrivals, now, since).map(({ arrivals, ms }) => (arrivals / ms) * minute));

function every(ms: number, from: number, to: number, arrivals = new Arrivals()): Arrivals {
  for (let at = from; at < to; at += ms) arrivals.add(at);
  return arrivals;
}

test('arrivals: keeps a few before the first visitor, and fewer after hours without visitors', (t) => {
  const nobody = new Arrivals();
  t.is(spare(nobody, 0), 4);
  t.is(spare(nobody, 10 * hour), 2);
});

test('arrivals: measures a steady rate', (t) => {
  const measured = perMinute(every(10 * second, 0, 5 * hour), 5 * hour);
  t.true(measured > 5.7 && measured < 6.9, `${measured} a minute`);
});

test('arrivals: detects a crowd within seconds, and forgets it within the hour', (t) => {
  const arrivals = every(2 * minute, 0, 2 * hour);
  const quiet = spare(arrivals, 2 * hour);
  every(second, 2 * hour, 2 * hour + 15 * second, arrivals);
  const crowd = spare(arrivals, 2 * hour + 15 * second);
  t.true(crowd >= 3 * quiet, `${quiet} → ${crowd}`);
  const later = spare(arrivals, 2 * hour + 5 * minute);
  t.true(later < crowd && later >= quiet, `${quiet} → ${crowd} → ${later}`);
  t.true(spare(arrivals, 4 * hour) <= quiet);
});

test('arrivals: the estimate only falls while arrivals are forgotten', (t) => {
  const arrivals = every(second, 0, minute);
  const later = [1, 2, 5, 10, 20, 60, 120, 600].map((minutes) => spare(arrivals, minutes * minute));
  t.deepEqual(
    later,
    [...later].sort((a, b) => b - a),
  );
});

test('inv 3: arrivals: a restarted manager that reads the claims of an hour in any order measures the same rate', (t) => {
  const [seen, found] = [new Arrivals(), new Arrivals()];
  for (let at = 0; at < hour; at += 7 * second) every(second, at, at + second, seen).update(at);
  const claims = Array.from({ length: Math.ceil(hour / (7 * second)) }, (_, index) => index * 7 * second);
  for (const at of claims.toSorted((a, b) => (a % 97) - (b % 97))) found.add(at);
  const [one, other] = [ratesOf(seen, hour), ratesOf(found, hour)];
  for (const [index, { arrivals }] of one.entries()) t.true(Math.abs(arrivals - other[index]!.arrivals) < 1e-6);
});

test('arrivals: a manager that starts on an old pool does not take few long sessions for a rush', (t) => {
  const arrivals = new Arrivals();
  for (const ago of [10, 25, 50, 90, 200]) arrivals.add(100 * hour - ago * minute);
  t.true(perMinute(arrivals, 100 * hour, 0) < 0.1);
  t.true(spare(arrivals, 100 * hour, 0) <= 3);
});

test('arrivals: an invalid claim time, past or future, affects only its own claim', (t) => {
  const arrivals = every(10 * second, 0, hour);
  const before = spare(arrivals, hour);
  arrivals.add(0);
  arrivals.add(1e15);
  t.true(Math.abs(spare(arrivals, hour) - before) <= 1);
  every(10 * second, hour, 2 * hour, arrivals);
  t.true(Math.abs(spare(arrivals, 2 * hour) - before) <= 1);
});
