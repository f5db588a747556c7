import test from 'ava';
import { describeWindows } from '../../../manager/api/describe-windows.ts';
import { Pool } from '../../../manager/model/pool.ts';
import { type PoolSnapshot, takeSnapshot } from '../../../manager/plan/snapshot.ts';

const hour = 3_600_000;
const day = Date.parse('2027-01-12T00:00Z');
const at = (hours: number) => day + hours * hour;

const [morning, afternoon] = [
  { name: 'morning', from: '2027-01-12T09:00Z', to: '2027-01-12T12:00Z', ready: 4, timeZone: 'UTC', repeat: 'daily' },
  { name: 'afternoon', from: '2027-01-12T11:00Z', to: '2027-01-12T15:00Z', ready: 3 },
];

/** A pool with these windows, and terminals claimed at these hours. */
function poolWith(windows: object[], claims: number[] = []): Pool {
  const pool = new Pool('p');
  const annotations = { 'warmterm.dev/prewarm': JSON.stringify(windows), 'warmterm.dev/max': '20' };
  const names = { name: 'p', statefulSet: 'p', uid: 'p' };
  pool.observeSpec({ ...names, version: 1, createdAt: 0, replicas: claims.length, revision: undefined, annotations });
  for (const [ordinal, hours] of claims.entries()) {
    pool.observePod({
      name: `p-${ordinal}`,
      uid: `uid-${ordinal}`,
      pool: 'p',
      ordinal,
      version: 1,
      node: 'n',
      podAddress: undefined,
      healthAddress: undefined,
      createdAt: 0,
      ready: true,
      readyChangedAt: 0,
      trouble: undefined,
      terminating: false,
      taken: true,
      retired: false,
      revision: undefined,
      claim: { id: 'c', visitor: `v${ordinal}`, claimedAt: at(hours), connectedAt: at(hours) },
      annotated: true,
    });
  }
  return pool;
}

const withReady = (snapshot: PoolSnapshot, ready: number): PoolSnapshot => ({
  ...snapshot,
  counts: { ...snapshot.counts, ready },
});

const told = (pool: Pool, hours: number, ready: number) =>
  describeWindows(withReady(takeSnapshot(pool, at(hours)), ready)).map(
    ({ name, from, to, state, seats, taken, ready }) =>
      `${name} ${from.slice(8, 13)}-${to.slice(11, 13)} ${state}: ${seats} seats, ${taken} taken, ${ready} ready`,
  );

test('windows: upcoming, then starting, open, and upcoming again the next day', (t) => {
  const pool = poolWith([morning!], [8.9, 9.1]);
  t.deepEqual(told(pool, 8, 5), ['morning 12T09-12 upcoming: 4 seats, 0 taken, 0 ready']);
  t.deepEqual(told(pool, 8.9995, 3), ['morning 12T09-12 warming: 4 seats, 0 taken, 3 ready']);
  t.deepEqual(told(pool, 9.2, 5), ['morning 12T09-12 open: 4 seats, 1 taken, 3 ready']);
  t.deepEqual(told(pool, 12, 5), ['morning 13T09-12 upcoming: 4 seats, 0 taken, 0 ready']);
});

test('windows: a terminal takes a seat of only one of two open windows', (t) => {
  const pool = poolWith([morning!, afternoon!], [9, 9, 11.1]);
  t.deepEqual(told(pool, 11.5, 3), [
    'morning 12T09-12 open: 4 seats, 2 taken, 2 ready',
    'afternoon 12T11-15 open: 3 seats, 1 taken, 1 ready',
  ]);
});

test('windows: past windows come last, with their last time', (t) => {
  const ended = { ...morning!, name: 'ended', until: '2027-01-14' };
  t.deepEqual(told(poolWith([ended, { ...afternoon!, to: '2027-02-01T09:00Z' }]), 24 * 5, 0), [
    'afternoon 12T11-09 open: 3 seats, 0 taken, 0 ready',
    'ended 14T09-12 over: 4 seats, 0 taken, 0 ready',
  ]);
});
