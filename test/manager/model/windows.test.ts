import test from 'ava';
import { occurrencesFrom, parseWindows, Schedule, type Window } from '../../../manager/model/windows.ts';

const minute = 60_000;
const hour = 60 * minute;

const course = {
  name: 'course',
  from: '2027-01-12T09:00',
  to: '2027-01-12T12:00',
  ready: 40,
  timeZone: 'Europe/Berlin',
};
const parse = (...windows: object[]) => parseWindows(JSON.stringify(windows));

function read(window: object): Window {
  const parsed = parse({ ...course, ...window });
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  return parsed.windows[0]!;
}

const iso = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z');
const times = ({ from, to }: { from: number; to: number }) => `${iso(from)} ${iso(to)}`;

const once = test.macro<[object, string]>({
  title: (_, window) => `once: ${JSON.stringify(window)}`,
  exec: (t, window, expected) => t.is(times(read(window)), expected),
});
const without = { timeZone: undefined };
test(once, {}, '2027-01-12T08:00Z 2027-01-12T11:00Z');
test(once, { from: '2027-07-12T09:00:00', to: '2027-07-12T12:00:00' }, '2027-07-12T07:00Z 2027-07-12T10:00Z');
test(once, { timeZone: 'America/New_York' }, '2027-01-12T14:00Z 2027-01-12T17:00Z');
test(
  once,
  { ...without, from: '2027-01-12T09:00Z', to: '2027-01-12T12:00+01:00' },
  '2027-01-12T09:00Z 2027-01-12T11:00Z',
);
test(once, { from: '2027-01-12T09:00Z', to: '2027-01-12T12:30+01:00' }, '2027-01-12T09:00Z 2027-01-12T11:30Z');
// The clocks go forward at 01:00Z in Berlin, at 07:00Z in New York: 02:30 does not exist.
test(once, { from: '2027-03-28T01:30', to: '2027-03-28T03:30' }, '2027-03-28T00:30Z 2027-03-28T01:30Z');
test(once, { from: '2027-03-28T02:30', to: '2027-03-28T03:15' }, '2027-03-28T00:30Z 2027-03-28T01:15Z');
test(once, { from: '2027-03-28T01:00', to: '2027-03-28T02:30' }, '2027-03-28T00:00Z 2027-03-28T01:30Z');
test(
  once,
  { timeZone: 'America/New_York', from: '2027-03-14T02:30', to: '2027-03-14T04:00' },
  '2027-03-14T06:30Z 2027-03-14T08:00Z',
);
// The clocks go back at 01:00Z in Berlin, at 06:00Z in New York: 02:30, and there 01:30, occurs twice.
test(once, { from: '2027-10-31T02:30', to: '2027-10-31T04:00' }, '2027-10-31T00:30Z 2027-10-31T03:00Z');
test(once, { from: '2027-10-31T01:00', to: '2027-10-31T02:30' }, '2027-10-30T23:00Z 2027-10-31T01:30Z');
test(once, { from: '2027-10-31T02:30+01:00', to: '2027-10-31T04:00' }, '2027-10-31T01:30Z 2027-10-31T03:00Z');
test(
  once,
  { timeZone: 'America/New_York', from: '2027-11-07T01:30', to: '2027-11-07T01:45' },
  '2027-11-07T05:30Z 2027-11-07T06:45Z',
);

const repeated = test.macro<[object, string, number, string[]]>({
  title: (_, window, now, count) => `from ${now} on, the next ${count} of ${JSON.stringify(window)}`,
  exec(t, window, now, count, expected) {
    t.deepEqual(occurrencesFrom(read(window), Date.parse(now), count).map(times), expected);
  },
});
const weekly = { repeat: 'weekly' };
const daily = { repeat: 'daily' };
test(repeated, {}, '2027-01-12T10:59Z', 2, ['2027-01-12T08:00Z 2027-01-12T11:00Z']);
test(repeated, {}, '2027-01-12T11:00Z', 2, []);
test(repeated, weekly, '2020-01-01T00:00Z', 2, [
  '2027-01-12T08:00Z 2027-01-12T11:00Z',
  '2027-01-19T08:00Z 2027-01-19T11:00Z',
]);
// The local time stays nine o'clock.
test(repeated, { ...weekly, from: '2027-03-23T09:00', to: '2027-03-23T12:00' }, '2027-03-23T09:00Z', 3, [
  '2027-03-23T08:00Z 2027-03-23T11:00Z',
  '2027-03-30T07:00Z 2027-03-30T10:00Z',
  '2027-04-06T07:00Z 2027-04-06T10:00Z',
]);
test(
  repeated,
  { ...weekly, timeZone: 'America/New_York', from: '2027-11-03T18:00', to: '2027-11-03T21:00' },
  '2027-11-04T00:00Z',
  2,
  ['2027-11-03T22:00Z 2027-11-04T01:00Z', '2027-11-10T23:00Z 2027-11-11T02:00Z'],
);
test(repeated, { ...daily, from: '2027-03-27T02:30', to: '2027-03-27T03:15' }, '2027-03-27T12:00Z', 2, [
  '2027-03-28T00:30Z 2027-03-28T01:15Z',
  '2027-03-29T00:30Z 2027-03-29T01:15Z',
]);
test(repeated, { ...daily, from: '2027-10-30T02:30', to: '2027-10-30T02:45' }, '2027-10-30T12:00Z', 2, [
  '2027-10-31T00:30Z 2027-10-31T01:45Z',
  '2027-11-01T01:30Z 2027-11-01T01:45Z',
]);
// Over midnight, and without a gap between occurrences.
test(repeated, { ...daily, from: '2027-01-12T22:00', to: '2027-01-13T06:00' }, '2027-01-15T04:59Z', 2, [
  '2027-01-14T21:00Z 2027-01-15T05:00Z',
  '2027-01-15T21:00Z 2027-01-16T05:00Z',
]);
test(repeated, { ...daily, to: '2027-01-13T09:00' }, '2027-02-01T08:00Z', 1, ['2027-02-01T08:00Z 2027-02-02T08:00Z']);
test(repeated, { ...weekly, until: '2027-01-26' }, '2027-01-19T11:00Z', 5, ['2027-01-26T08:00Z 2027-01-26T11:00Z']);
test(repeated, { ...weekly, until: '2027-01-25' }, '2027-01-19T11:00Z', 5, []);
test(repeated, { ...weekly, until: '2027-01-12' }, '2027-01-12T08:00Z', 5, ['2027-01-12T08:00Z 2027-01-12T11:00Z']);

const refused = test.macro<[unknown[] | string, ...string[]]>({
  title: (_, windows) => `inv 10: ${JSON.stringify(windows)} is refused`,
  exec(t, windows, ...expected) {
    const parsed = parseWindows(typeof windows === 'string' ? windows : JSON.stringify(windows));
    t.deepEqual('problems' in parsed && parsed.problems, expected);
  },
});
const list = 'it must be a JSON list of windows, each with name, from, to and ready';
const time = 'must be a time such as 2027-01-12T09:00, 2027-01-12T09:00Z or 2027-01-12T09:00+01:00';
test(refused, '', list);
test(refused, 'none', list);
test(refused, '{"name": "course"}', list);
test(
  refused,
  Array.from({ length: 101 }, () => course),
  'there are 101 windows, of at most 100',
);
test(refused, [null], 'window 1: must be an object with name, from, to and ready');
test(
  refused,
  [{}],
  ...[
    'name: must be a name of at most 63 characters',
    `from: ${time}`,
    `to: ${time}`,
    'ready: must be a whole number from 1 to 10000',
  ].map((what) => `window 1: ${what}`),
);
test(refused, [course, { ...course, name: '' }], 'window 2: name: "" must be a name of at most 63 characters');
test(refused, [course, course], 'window "course": name: there is another of this name');
test(refused, [{ ...course, from: 'nine' }], `window "course": from: "nine" ${time}`);
test(refused, [{ ...course, from: '2027-02-29T09:00' }], `window "course": from: "2027-02-29T09:00" ${time}`);
test(refused, [{ ...course, to: '2027-01-12' }], `window "course": to: "2027-01-12" ${time}`);
test(refused, [{ ...course, to: '2027-01-12T24:30' }], `window "course": to: "2027-01-12T24:30" ${time}`);
for (const ready of [0, -1, 1.5, '40', 10_001, null]) {
  test(
    refused,
    [{ ...course, ready }],
    `window "course": ready: ${JSON.stringify(ready)} must be a whole number from 1 to 10000`,
  );
}
for (const timeZone of ['Berlin', 'Europe/Atlantis', '+01:00', '']) {
  test(
    refused,
    [{ ...course, timeZone }],
    `window "course": timeZone: "${timeZone}" must be a time zone such as Europe/Berlin`,
  );
}
test(refused, [{ ...course, repeat: 'monthly' }], 'window "course": repeat: "monthly" must be daily or weekly');
test(
  refused,
  [{ ...course, seats: 40 }],
  'window "course": seats: there is no such field; there are name, from, to, ready, timeZone, repeat and until',
);
test(
  refused,
  [{ ...course, to: course.from }],
  'window "course": to: 2027-01-12T09:00 is not after from, 2027-01-12T09:00',
);
test(
  refused,
  [{ ...course, to: '2027-01-12T07:00Z' }],
  'window "course": to: 2027-01-12T07:00Z is not after from, 2027-01-12T09:00',
);
test(
  refused,
  [{ ...course, ...without, to: '2027-01-12T12:00Z' }],
  'window "course": from: 2027-01-12T09:00 is a time of no place: add a timeZone, or write it as 2027-01-12T09:00Z or 2027-01-12T09:00+01:00',
);
test(
  refused,
  [{ ...course, from: '2027-01-12T09:00+02:00' }],
  'window "course": from: 2027-01-12T09:00+02:00 has an offset that Europe/Berlin does not have then',
);
test(
  refused,
  [{ ...course, ...without, from: '2027-01-12T09:00Z', to: '2027-01-12T12:00Z', ...weekly }],
  'window "course": repeat: it needs a timeZone, by whose clock it is',
);
test(
  refused,
  [{ ...course, until: '2027-02-01' }],
  'window "course": until: it says when a repeat ends, and there is no repeat',
);
test(
  refused,
  [{ ...course, ...weekly, until: '2027-01-11' }],
  'window "course": until: 2027-01-11 is before from, 2027-01-12T09:00',
);
test(
  refused,
  [{ ...course, ...weekly, until: 'Easter' }],
  'window "course": until: "Easter" must be a date such as 2027-03-31',
);
test(
  refused,
  [{ ...course, ...daily, to: '2027-01-13T09:01' }],
  'window "course": to: it lasts for longer than it takes to be repeated, daily',
);
test(
  refused,
  [
    { ...course, to: '2026-01-12T12:00' },
    { ...course, name: 'other', ready: 'all' },
  ],
  'window "course": to: 2026-01-12T12:00 is not after from, 2027-01-12T09:00',
  'window "other": ready: "all" must be a whole number from 1 to 10000',
);

test('windows: accepts overlapping windows, past windows and none', (t) => {
  t.deepEqual(parse(), { windows: [] });
  const parsed = parse(
    course,
    { ...course, name: 'other' },
    { ...course, name: 'past', from: '2020-01-12T09:00', to: '2020-01-12T10:00' },
  );
  t.is('windows' in parsed && parsed.windows.length, 3);
});

test('windows: a schedule lists current and future windows in order', (t) => {
  const windows = [read({ ...weekly }), read({ name: 'earlier', from: '2027-01-12T07:00', to: '2027-01-12T10:00' })];
  const schedule = new Schedule(windows);
  const at = Date.parse('2027-01-12T08:30Z');
  const told = (now: number) => schedule.ahead(now).map(({ window, from }) => `${window.name} ${iso(from)}`);
  const all = ['earlier 2027-01-12T06:00Z', 'course 2027-01-12T08:00Z', 'course 2027-01-19T08:00Z'];
  t.deepEqual(told(at), all);
  t.is(schedule.ahead(at + minute), schedule.ahead(at), 'looked up once');
  t.deepEqual(told(at + 30 * minute), all.slice(1));
  t.deepEqual(told(at + 3 * hour), ['course 2027-01-19T08:00Z', 'course 2027-01-26T08:00Z']);
  t.deepEqual(told(at), all, 'the clock was set back');
  t.deepEqual(new Schedule([]).ahead(at), []);
});
