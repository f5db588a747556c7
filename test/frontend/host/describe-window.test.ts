import test from 'ava';
import type { WindowStatus } from '../../../common/manager-api.ts';
import { describeWindow } from '../../../frontend/host/describe-window.ts';

const window = {
  name: 'git-course',
  from: '2027-01-12T08:00:00Z',
  to: '2027-01-12T11:30:00Z',
  seats: 40,
  taken: 0,
  ready: 0,
};

const told = test.macro<[Partial<WindowStatus> & Pick<WindowStatus, 'state'>, string, string]>({
  title: (_, given, now) => `at ${now}: ${JSON.stringify(given)}`,
  exec(t, given, now, expected) {
    const row = describeWindow({ ...window, ...given }, Date.parse(now), 'Europe/Berlin');
    t.is(`${row.state} | ${row.when} | ${row.seats}${row.attention ? ' !' : ''}`, expected);
  },
});

test(told, { state: 'upcoming' }, '2027-01-11T20:00Z', 'To come | Tue 12 Jan, 09:00 to 12:30 | 40');
test(
  told,
  { state: 'upcoming', fits: 'yes' },
  '2027-01-11T20:00Z',
  'To come | Tue 12 Jan, 09:00 to 12:30 | 40 · there is room',
);
test(
  told,
  { state: 'upcoming', fits: 'no' },
  '2027-01-11T20:00Z',
  'To come | Tue 12 Jan, 09:00 to 12:30 | 40 · no room !',
);
test(
  told,
  { state: 'upcoming', fits: 'unknown' },
  '2027-01-11T20:00Z',
  'To come | Tue 12 Jan, 09:00 to 12:30 | 40 · room not known',
);
// In the host's time zone, not in UTC.
test(told, { state: 'upcoming' }, '2027-01-11T23:00Z', 'To come | today, 09:00 to 12:30 | 40');
test(
  told,
  { state: 'upcoming', to: '2027-01-13T11:30:00Z' },
  '2027-01-12T06:00Z',
  'To come | today, 09:00 to Wed 13 Jan, 12:30 | 40',
);
test(told, { state: 'warming', ready: 23 }, '2027-01-12T07:59:20Z', 'Starting | in 40 s, until 12:30 | 23 of 40 ready');
test(told, { state: 'open', ready: 40 }, '2027-01-12T08:00Z', 'Open | until 12:30 | 0 of 40 taken · 40 ready');
test(
  told,
  { state: 'open', taken: 31, ready: 9 },
  '2027-01-12T08:05Z',
  'Open | until 12:30 | 31 of 40 taken · 9 ready',
);
test(
  told,
  { state: 'open', taken: 31, ready: 7 },
  '2027-01-12T08:05Z',
  'Open | until 12:30 | 31 of 40 taken · 7 ready · 2 not ready !',
);
test(
  told,
  { state: 'open', to: '2027-01-14T11:30:00Z', taken: 40 },
  '2027-01-12T08:05Z',
  'Open | until Thu 14 Jan, 12:30 | 40 of 40 taken · 0 ready',
);
test(told, { state: 'over' }, '2027-01-20T08:05Z', 'Over | Tue 12 Jan, 09:00 to 12:30 | 40');
