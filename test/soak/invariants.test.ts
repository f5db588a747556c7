// The soak's checks find violations and accept correct histories.

import test from 'ava';
import type { PodEvent } from '../../soak/history.ts';
import { type Causes, Checker } from '../../soak/invariants.ts';

const startedAt = Date.UTC(2026, 0, 1);
const limits = { connectTimeoutMs: 30_000, maxLifetimeMs: 600_000, silenceMs: 60_000, claimMs: 20_000 };
const nothing: Causes = {
  askedToEnd: () => false,
  endedItself: () => false,
  administrator: () => false,
  clusterFault: () => undefined,
  connectedAt: () => undefined,
  heardOf: () => true,
  silentSince: () => undefined,
};

type Told = Partial<PodEvent> & { at: number };
const free = (told: Told): PodEvent => ({
  type: 'MODIFIED',
  name: 'default-0',
  uid: 'a',
  version: '1',
  claimed: 'false',
  claimId: undefined,
  visitor: undefined,
  claimedAt: undefined,
  connectedAt: undefined,
  ready: true,
  terminating: false,
  node: 'node',
  pool: 'default',
  owner: 'set',
  phase: 'Running',
  ...told,
  wall: startedAt + told.at,
});
const claimed = (told: Told): PodEvent =>
  free({
    claimed: 'true',
    claimId: 'id',
    visitor: 'ann',
    claimedAt: new Date(startedAt + 1_000).toISOString(),
    ...told,
  });

/** Invariants that these events break, each once. */
function judge(events: PodEvent[], causes: Partial<Causes> = {}): string[] {
  const broken: string[] = [];
  const checker = new Checker({ ...nothing, ...causes }, limits, ({ invariant }) => broken.push(invariant));
  for (const event of events) checker.observe(event);
  return broken;
}

const begin = [free({ at: 0, type: 'ADDED' }), claimed({ at: 1_000 })];

test('invariants: accepts a session from claim to end', (t) => {
  const events = [
    ...begin,
    claimed({ at: 2_000, connectedAt: '2026' }),
    claimed({ at: 9_000, connectedAt: '2026', terminating: true }),
    claimed({ at: 9_100, connectedAt: '2026', terminating: true, type: 'DELETED' }),
    free({ at: 9_200, type: 'ADDED', uid: 'b' }),
  ];
  t.deepEqual(judge(events, { askedToEnd: () => true, connectedAt: () => 1_500 }), []);
});

const wrongs: [string, PodEvent[], string[]][] = [
  ['another visitor', [...begin, claimed({ at: 2_000, visitor: 'bob' })], ['1']],
  ['another claim of the same visitor', [...begin, claimed({ at: 2_000, claimId: 'other' })], ['1']],
  ['a claim taken back', [...begin, free({ at: 2_000 })], ['1', '1', '1', '1']],
  ['a retired pod that is handed out', [free({ at: 0, claimed: 'retired' }), claimed({ at: 1_000 })], ['1']],
  [
    'a pod that is ending, handed out',
    [free({ at: 0, terminating: true }), claimed({ at: 1_000, terminating: true })],
    ['2'],
  ],
  [
    'a UID that comes back',
    [free({ at: 0 }), free({ at: 1, terminating: true, type: 'DELETED' }), free({ at: 2, type: 'ADDED' })],
    ['1'],
  ],
  ['a visitor on a pod that is labelled free', [free({ at: 0 }), claimed({ at: 1_000, claimed: 'false' })], ['1']],
  [
    'a first connection that moves to later',
    [...begin, claimed({ at: 2_000, connectedAt: '2026-01-01' }), claimed({ at: 3_000, connectedAt: '2026-01-02' })],
    ['2'],
  ],
  ['a claim by a clock that is wrong', [free({ at: 0 }), claimed({ at: 60_000 })], ['6']],
];
for (const [title, events, invariants] of wrongs) {
  test(`invariants: finds ${title}`, (t) => {
    t.deepEqual(judge(events), invariants);
  });
}

const ended = (at: number) => [...begin, claimed({ at, terminating: true })];
const connected = { connectedAt: () => 1_500 };

test('inv 5: invariants: an end needs a cause', (t) => {
  t.deepEqual(judge(ended(9_000), connected), ['5'], 'nobody wanted it');
  t.deepEqual(judge([...begin, claimed({ at: 9_000, type: 'DELETED' })], connected), ['5'], 'deleted at once');
  t.deepEqual(judge(ended(9_000), { ...connected, endedItself: () => true }), []);
  t.deepEqual(judge(ended(9_000), { ...connected, administrator: () => true }), []);
  t.deepEqual(judge(ended(601_000), connected), [], 'its lifetime');
  t.deepEqual(judge(ended(9_000), {}), ['5'], 'there was time yet to connect');
  t.deepEqual(judge(ended(31_000), {}), [], 'never connected');
  t.deepEqual(judge(ended(31_000), connected), ['5'], 'somebody was connected');
  const unheard = { ...connected, heardOf: () => false };
  t.deepEqual(judge(ended(31_000), unheard), [], 'somebody was connected, and no manager could be told');
  t.deepEqual(judge(ended(9_000), unheard), ['5'], 'there was time yet to tell');
  t.deepEqual(judge(ended(90_000), { ...connected, silentSince: () => 20_000 }), [], 'silent');
  t.deepEqual(judge(ended(50_000), { ...connected, silentSince: () => 20_000 }), ['5'], 'not silent for long enough');
});

test('inv 2: invariants: of two terminals the connected one stays, else the older', (t) => {
  const second = [
    free({ at: 1_500, uid: 'b', name: 'default-1' }),
    claimed({ at: 2_000, uid: 'b', name: 'default-1' }),
  ];
  const end = (uid: string) =>
    claimed({ at: 9_000, uid, name: uid === 'a' ? 'default-0' : 'default-1', terminating: true });
  t.deepEqual(judge([...begin, ...second, end('b')]), [], 'the younger goes');
  t.deepEqual(judge([...begin, ...second, end('a')]), ['5'], 'the older goes');
  const onlyB = { connectedAt: (uid: string) => (uid === 'b' ? 2_500 : undefined) };
  t.deepEqual(judge([...begin, ...second, end('a')], onlyB), [], 'the one without a browser goes');
  t.deepEqual(judge([...begin, ...second, end('b')], onlyB), ['5'], 'the one with a browser goes');
});

test('inv 1: invariants: rejects a claim in another pool', (t) => {
  t.deepEqual(judge([free({ at: 0, pool: 'quarantine' }), claimed({ at: 1_000, pool: 'quarantine' })]), ['1']);
  t.deepEqual(judge([...begin, claimed({ at: 2_000, pool: 'quarantine' })]), [], 'it was put there later');
});

test('inv 5: invariants: accepts an end by a fault of the cluster', (t) => {
  t.deepEqual(judge(ended(9_000), { ...connected, clusterFault: () => 'Node deleted' }), []);
});

test('invariants: an ended or relabelled pod is not its visitor’s terminal', (t) => {
  const checker = new Checker(nothing, limits, () => {});
  for (const event of [...begin, claimed({ at: 2_000, pool: 'quarantine' })]) checker.observe(event);
  t.is(checker.terminalsOf('ann').length, 0);
  checker.observe(claimed({ at: 3_000 }));
  t.is(checker.terminalsOf('ann').length, 1, 'labelled back');
  checker.observe(claimed({ at: 4_000, phase: 'Succeeded' }));
  t.deepEqual([...checker.inUse()], []);
});
