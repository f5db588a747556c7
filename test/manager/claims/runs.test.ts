// Runs: several claims of one visitor, each with its own run id.

import test, { type ExecutionContext } from 'ava';
import { composeClaimant } from '../../../common/claimant.ts';
import { describeTerminals } from '../../../manager/api/describe-terminal.ts';
import type { ClaimResult, Waiting } from '../../../manager/claims/types.ts';
import { requestBy, settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

const ann = 'ann'.padEnd(43, '-');
const bob = 'bob'.padEnd(43, '-');
const run = (id: number, visitor = ann) => composeClaimant(visitor, `run${String(id).padStart(5, '0')}`);

async function start(t: ExecutionContext, settings: Record<string, string> = {}, managers = 1) {
  const all = { spare: '4', max: '20', 'connect-timeout': '1h', ...settings };
  const annotations = Object.fromEntries(Object.entries(all).map(([key, value]) => [`warmterm.dev/${key}`, value]));
  const time = { now: 1_000_000 };
  const model = new ModelCluster({ annotations, clock: () => time.now });
  const signer = { sign: async (content: object) => JSON.stringify(content) };
  const startOne = () => {
    const manager = startManager(model, { clock: () => time.now, signer });
    t.teardown(manager.stop);
    return manager;
  };
  const started = Array.from({ length: managers }, startOne);
  await settle(model, ...started);
  /** Advances the clock; the managers evaluate the pool every second. */
  const pass = async (ms: number, ...some: TestManager[]) => {
    for (let left = ms; left > 0; left -= 1_000) {
      time.now += Math.min(left, 1_000);
      for (const { pools } of some) for (const pool of pools.all()) pool.changed();
      for (let turn = 0; turn < 12; turn++) await nextTurn();
      for (const { port } of some) port.deliver();
      for (let turn = 0; turn < 6; turn++) await nextTurn();
    }
  };
  return { model, time, manager: started[0]!, managers: started, startOne, pass };
}

const claim = (manager: TestManager, claimant: string, address?: string) =>
  manager.claim(claimant, { origin: { address } });

/** Claims as a client does, and records the answer. */
async function ask({ claims }: TestManager, claimant: string, position?: number) {
  const asked = { answer: undefined as ClaimResult | Waiting | undefined, error: undefined as unknown };
  claims.claim(requestBy(claimant, { position })).then(
    (answer) => Object.assign(asked, { answer }),
    (error: unknown) => Object.assign(asked, { error }),
  );
  for (let turn = 0; turn < 16; turn++) await nextTurn();
  return asked;
}

test('inv 2: runs: one terminal for each run id', async (t) => {
  const { manager } = await start(t);
  const [page, first, second] = await Promise.all([ann, run(1), run(2)].map((one) => claim(manager, one)));
  t.is(new Set([page, first, second].map((result) => result?.pod.uid)).size, 3);
  for (const [claimant, former] of [
    [ann, page],
    [run(1), first],
    [run(2), second],
  ] as const) {
    const again = await claim(manager, claimant);
    t.deepEqual([again.pod.uid, again.status], [former?.pod.uid, 'reconnected']);
    t.like(JSON.parse(again.ticket), { aud: again.pod.uid, sub: claimant });
  }
});

test('inv 2, 11: runs: two simultaneous claims for one run are one write and one terminal', async (t) => {
  const { model, manager } = await start(t);
  const before = model.writes;
  const both = await Promise.all([claim(manager, run(1)), claim(manager, run(1))]);
  t.is(both[0].pod.uid, both[1].pod.uid);
  t.is(model.writes - before, 1);
  t.is(model.pods.get(both[0].pod.name)?.claim?.visitor, run(1));
});

test('inv 3: runs: restarted manager knows the run of each terminal', async (t) => {
  const { model, manager, startOne } = await start(t);
  const [page, first] = [await claim(manager, ann), await claim(manager, run(1))];
  await manager.stop();
  const next = startOne();
  await settle(model, next);
  t.is((await claim(next, ann)).pod.uid, page.pod.uid);
  t.is((await claim(next, run(1))).pod.uid, first.pod.uid);
});

test('runs: the end of a run keeps the other terminals of its visitor', async (t) => {
  const { model, manager } = await start(t);
  const [page] = [await claim(manager, ann), await claim(manager, run(1)), await claim(manager, run(2))];
  await manager.claims.end(run(1));
  await settle(model, manager);
  t.is(manager.claims.find(run(1)), undefined);
  t.is(manager.claims.find(ann)?.uid, page?.pod.uid);
  t.not(manager.claims.find(run(2)), undefined);
});

test('runs: existing gives a ticket for an existing terminal and never claims', async (t) => {
  const { model, manager } = await start(t);
  const { pod } = await claim(manager, run(1));
  const before = model.writes;
  const again = await manager.claims.reconnect(run(1));
  t.deepEqual([again.pod.uid, again.status], [pod.uid, 'reconnected']);
  t.like(JSON.parse(again.ticket), { aud: pod.uid, sub: run(1) });
  for (const pool of [undefined, 'default']) {
    await t.throwsAsync(manager.claims.reconnect(run(2), pool), { code: 'session-not-found' });
  }
  await t.throwsAsync(manager.claims.reconnect(run(1), 'other'), { code: 'not-found' });
  t.is(model.writes, before);
});

test('runs: max-per-visitor counts the page and the runs of one visitor', async (t) => {
  const { model, manager } = await start(t, { 'max-per-visitor': '2' });
  await claim(manager, ann);
  await claim(manager, run(1));
  const refused = await t.throwsAsync(claim(manager, run(2)), { code: 'too-many-requests' });
  t.deepEqual((refused as { limit?: unknown }).limit, { of: 'visitor', most: 2 });
  t.is((await claim(manager, run(1))).status, 'reconnected');
  t.is((await claim(manager, run(1, bob))).status, 'new');
  t.is((await manager.restart(run(1))).status, 'new', 'a restart takes the place of what it ends');
  await manager.claims.end(ann);
  await settle(model, manager);
  t.is((await claim(manager, run(2))).status, 'new');
});

test('runs: max-per-visitor holds for simultaneous claims', async (t) => {
  const { manager } = await start(t, { spare: '8', 'max-per-visitor': '3' });
  const asked = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((id) => claim(manager, run(id))));
  t.is(asked.filter(({ status }) => status === 'fulfilled').length, 3);
  t.is([...manager.pools.terminalsOf(ann)].length, 3);
});

test('runs: max-per-visitor counts runs in the queue', async (t) => {
  const { manager, pass } = await start(t, { spare: '0', max: '1', 'max-per-visitor': '2' });
  await ask(manager, bob);
  await pass(2_000, manager);
  const asked = [await ask(manager, run(1)), await ask(manager, run(2)), await ask(manager, run(3))];
  await pass(2_000, manager);
  t.like(asked[1]!.answer, { status: 'waiting' });
  t.like(asked[2]!.error, { code: 'too-many-requests', limit: { of: 'visitor', most: 2 } });
  t.is((await ask(manager, run(1), 1)).error, undefined, 'a visitor in the queue stays there');
});

test('runs: max-per-visitor counts runs in other pools', async (t) => {
  const { model, manager } = await start(t, { 'max-per-visitor': '1' });
  const other = { ...model.pool, name: 'other', statefulSet: 'other', uid: 'other-sts', annotations: {} };
  manager.pools.observe({ kind: 'pool', name: 'other', object: other });
  const { pod } = await manager.claim(bob, { pool: 'default' });
  const theirs = { ...pod, name: 'other-0', uid: 'other-uid', pool: 'other', owner: 'other-sts', ordinal: 0 };
  const object = { ...theirs, claim: { ...pod.claim!, visitor: run(7) } };
  manager.pools.observe({ kind: 'pod', name: 'other-0', object });
  await t.throwsAsync(manager.claim(run(1), { pool: 'default' }), { code: 'too-many-requests' });
  t.is((await manager.claims.reconnect(run(7))).pod.name, 'other-0', 'in whichever pool it is');
});

test('runs: max-per-address counts each run', async (t) => {
  const { manager } = await start(t, { 'max-per-address': '2', 'claims-per-minute': 'none' });
  await claim(manager, run(1), 'office');
  await claim(manager, run(2), 'office');
  await t.throwsAsync(claim(manager, run(3), 'office'), { code: 'too-many-requests' });
  t.is((await claim(manager, run(2), 'office')).status, 'reconnected');
});

test('runs: claims-per-minute counts each run', async (t) => {
  const { manager } = await start(t, { 'max-per-address': 'none', 'claims-per-minute': '2' });
  await claim(manager, run(1), 'office');
  await claim(manager, run(2), 'office');
  await t.throwsAsync(claim(manager, run(3), 'office'), { code: 'too-many-requests' });
});

test('inv 12: runs: two runs of one visitor have two positions, served in order', async (t) => {
  const { model, manager, pass } = await start(t, { spare: '1', max: '1' });
  await claim(manager, bob);
  await settle(model, manager);
  const [first, second] = [await ask(manager, run(1)), await ask(manager, run(2))];
  await pass(2_000, manager);
  t.like(first.answer, { status: 'waiting', position: 1, waiting: 2 });
  t.like(second.answer, { status: 'waiting', position: 2, waiting: 2 });
  const [firstAgain, secondAgain] = [await ask(manager, run(1), 99), await ask(manager, run(2), 99)];
  await pass(1_000, manager);
  await manager.claims.end(bob);
  await settle(model, manager);
  t.like(firstAgain.answer, { status: 'new' });
  t.is(secondAgain.answer, undefined);
  manager.claims.leave(run(1), undefined);
  await manager.claims.end(run(1));
  await settle(model, manager);
  t.like(secondAgain.answer, { status: 'new' });
});

test('inv 3: runs: both positions of a visitor survive a restart', async (t) => {
  const { model, manager, pass, startOne } = await start(t, { spare: '1', max: '1' });
  await claim(manager, bob);
  await settle(model, manager);
  const former = [await ask(manager, run(2)), await ask(manager, run(1))];
  await pass(3_000, manager);
  t.like(former[1]!.answer, { status: 'waiting', position: 2 });
  t.deepEqual([...model.storedQueue!.positions.keys()].sort(), [run(1), run(2)]);
  await manager.stop();
  const next = startOne();
  await settle(model, next);
  const [first, second] = [await ask(next, run(1)), await ask(next, run(2))];
  await pass(2_000, next);
  t.like(second.answer, { status: 'waiting', position: 1, waiting: 2 });
  t.like(first.answer, { status: 'waiting', position: 2, waiting: 2 });
});

test('runs: a second terminal is a duplicate only for the same run', async (t) => {
  const { model, managers, pass } = await start(t, { 'connect-timeout': '5s' }, 2);
  const [one, two] = managers as [TestManager, TestManager];
  // Neither manager has seen the other's claim.
  const claimed = await Promise.all([claim(one, run(1)), claim(two, run(1)), claim(one, run(2))]);
  await settle(model, ...managers);
  const connect = async (claimant: string) => {
    const pod = one.claims.find(claimant)!;
    await one.terminals.report(pod, { connections: 1, connectedAt: new Date(1_000_000).toISOString() });
    return pod.uid;
  };
  const kept = [await connect(run(1)), await connect(run(2))];
  await pass(1_000, ...managers);
  await settle(model, ...managers);
  const left = [...model.pods.values()].filter(({ claim }) => claim).map(({ uid }) => uid);
  t.is(new Set(claimed.map(({ pod }) => pod.uid)).size, 3, 'the managers gave run 1 a terminal each');
  t.deepEqual(left.sort(), kept.sort());
});

test('runs: lists the terminals of one visitor in the order of their claims', async (t) => {
  const { time, manager } = await start(t);
  t.deepEqual(describeTerminals(ann, manager.pools), { terminals: [] });
  const names: string[] = [];
  for (const claimant of [run(2), ann, run(1), run(1, bob)]) {
    names.push((await claim(manager, claimant)).pod.name);
    time.now += 1_000;
  }
  const at = (ms: number) => new Date(ms).toISOString();
  const lifetime = 6 * 3_600_000;
  const times = (ms: number) => ({ pool: 'default', claimedAt: at(ms), expiresAt: at(ms + lifetime) });
  t.deepEqual(describeTerminals(ann, manager.pools), {
    terminals: [
      { run: 'run00002', name: names[0]!, ...times(1_000_000) },
      { name: names[1]!, ...times(1_001_000) },
      { run: 'run00001', name: names[2]!, ...times(1_002_000) },
    ],
  });
});
