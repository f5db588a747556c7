// The queue of a pool, over several managers that share one cluster.

import { getEventListeners } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { isAbort } from '../../../common/errors.ts';
import { waitingSchema } from '../../../common/manager-api.ts';
import { describeWaiting } from '../../../manager/api/describe-waiting.ts';
import type { ClaimResult, Waiting } from '../../../manager/claims/types.ts';
import type { Cluster } from '../../../manager/kubernetes/port.ts';
import { type ManagerOptions, requestBy, settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { readMetrics } from '../../helpers/metrics.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

/** A pool with all terminals in use, by `taken-0` and so on. */
async function start(t: ExecutionContext, max = 2, options: ManagerOptions & { managers?: number } = {}, more = {}) {
  const annotations = {
    'warmterm.dev/spare': '1',
    'warmterm.dev/max': String(max),
    'warmterm.dev/connect-timeout': '1h',
    ...more,
  };
  const time = { now: 1_000_000 };
  const model = new ModelCluster({ annotations, clock: () => time.now });
  const run = () => {
    const manager = startManager(model, { clock: () => time.now, ...options });
    t.teardown(manager.stop);
    return manager;
  };
  const managers = Array.from({ length: options.managers ?? 1 }, run);
  await settle(model, ...managers);
  for (let index = 0; index < max; index++) {
    await managers[0]!.claim(`taken-${index}`);
    await settle(model, ...managers);
  }
  const look = async (...some: TestManager[]) => {
    for (const { pools } of some) for (const pool of pools.all()) pool.changed();
    for (let turn = 0; turn < 12; turn++) await nextTurn();
    for (const { port } of some) port.deliver();
    for (let turn = 0; turn < 6; turn++) await nextTurn();
  };
  /** Lets time pass. The managers evaluate the pool every second. */
  const pass = async (ms: number, ...some: TestManager[]) => {
    for (let left = ms; left > 0; left -= 1_000) {
      time.now += Math.min(left, 1_000);
      await look(...some);
    }
  };
  return { model, managers, manager: managers[0]!, time, run, look, pass };
}

const waiting = (manager: TestManager) => manager.claims.waiting(manager.pools.get('default')!);
const poolOf = (manager: TestManager) => manager.pools.get('default')!;

/** A position so far back that the next report comes after eight seconds. */
const far = 99;

/** Claims as the page does, and records the answer. */
async function ask(manager: TestManager, visitor: string, position?: number) {
  const disconnect = new AbortController();
  const asked = {
    answer: undefined as ClaimResult | Waiting | undefined,
    error: undefined as unknown,
    disconnect: () => disconnect.abort(),
  };
  manager.claims.claim(requestBy(visitor, { position, clientGone: disconnect.signal })).then(
    (answer) => {
      asked.answer = answer;
    },
    (error: unknown) => {
      asked.error = error;
    },
  );
  for (let turn = 0; turn < 16; turn++) await nextTurn();
  return asked;
}

test('inv 12: queue: served in the order of the first request', async (t) => {
  const { model, manager } = await start(t, 0, {}, { 'warmterm.dev/spare': '0', 'warmterm.dev/max': '2' });
  const claims = ['a', 'b'].map((visitor) => manager.claim(visitor));
  const third = manager.claim('c');
  await settle(model, manager);
  t.deepEqual([(await claims[0]!).pod.name, (await claims[1]!).pod.name], ['default-0', 'default-1']);
  await manager.claims.end('a');
  await settle(model, manager);
  t.is((await third).pod.name, 'default-0');
});

test('inv 12: queue: reports a position within seconds at max, then each change', async (t) => {
  const { manager, pass, model } = await start(t);
  const [ann, bob] = [await ask(manager, 'ann'), await ask(manager, 'bob')];
  await pass(2_000, manager);
  t.like(ann.answer, { status: 'waiting', position: 1, waiting: 2 });
  t.like(bob.answer, { status: 'waiting', position: 2, waiting: 2 });
  const [first, second] = [await ask(manager, 'ann', 1), await ask(manager, 'bob', 2)];
  await pass(3_000, manager);
  t.is(second.answer, undefined, 'the position has not changed');
  await manager.claims.end('taken-0');
  await settle(model, manager);
  t.like(first.answer, { status: 'new' });
  await pass(1_000, manager);
  t.like(second.answer, { status: 'waiting', position: 1, waiting: 1 });
});

test('inv 12: queue: answers at the claim timeout', async (t) => {
  const { manager } = await start(t, 2, { timeoutMs: 50 });
  const { status } = await manager.claims.claim(requestBy('ann'));
  t.is(status, 'waiting');
});

test('inv 4: queue: a stopping manager reports positions, and the next one keeps them', async (t) => {
  const { model, managers, pass } = await start(t, 2, { managers: 2 });
  const [going, next] = managers as [TestManager, TestManager];
  const [ann, bob] = [await ask(going, 'ann'), await ask(going, 'bob')];
  await pass(2_000, ...managers);
  t.like(ann.answer, { status: 'waiting', position: 1 });
  t.like(bob.answer, { status: 'waiting', position: 2 });
  const [annWaits, bobWaits] = [await ask(going, 'ann', 1), await ask(going, 'bob', 2)];
  t.is(annWaits.answer, undefined);
  going.claims.drain();
  await nextTurn();
  t.like(annWaits.answer, { status: 'waiting', position: 1, waiting: 2 });
  t.like(bobWaits.answer, { status: 'waiting', position: 2, waiting: 2 });
  t.like((await ask(going, 'bob', 2)).answer, { status: 'waiting', position: 2 }, 'a new wait ends at once');
  const [bobAgain, annAgain] = [await ask(next, 'bob', 2), await ask(next, 'ann', 1)];
  await going.claims.end('taken-0');
  await settle(model, ...managers);
  t.like(annAgain.answer, { status: 'new' });
  t.is(bobAgain.answer, undefined);
  bobAgain.disconnect();
});

/** One of Ann's tabs waits. A claim for another tab is written, and takes effect at `release`. */
async function startTwoTabs(t: ExecutionContext, options: ManagerOptions = {}) {
  let isHeld = false;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const through = (port: Cluster): Cluster => {
    const claimPod = port.claimPod.bind(port);
    return Object.assign(port, {
      claimPod: async (...given: Parameters<Cluster['claimPod']>) => {
        if (isHeld) await released;
        return claimPod(...given);
      },
    });
  };
  const { model, manager, pass, look } = await start(t, 2, { ...options, through });
  const waits = await ask(manager, 'ann', 1);
  await pass(2_000, manager);
  t.is(waits.answer, undefined, 'the position has not changed');
  await manager.claims.end('taken-0');
  model.settle();
  isHeld = true;
  manager.port.deliver();
  // In the turn in which the ready terminal is seen, before the queue is served.
  const claims = manager.claim('ann');
  await look(manager);
  return { model, manager, waits, claims, release };
}

test('inv 2: queue: a waiting tab gets the terminal that another tab claims', async (t) => {
  const { model, manager, waits, claims, release } = await startTwoTabs(t);
  t.is(waits.answer, undefined, 'its entry is out of the queue, and that is not reported');
  release();
  await settle(model, manager);
  const { pod, status } = await claims;
  t.is(status, 'new');
  t.like(waits.answer, { status: 'reconnected', pod: { uid: pod.uid } });
});

test('inv 12: queue: reports position 1 while the claim of another tab is written', async (t) => {
  const { manager, waits, claims, release } = await startTwoTabs(t);
  manager.claims.drain();
  await nextTurn();
  t.notThrows(() => waitingSchema.parse(describeWaiting(waits.answer as Waiting, 0)));
  t.like(waits.answer, { position: 1, waiting: 1 });
  release();
  await claims;
});

test('queue: a new visitor goes last, also when a terminal is ready', async (t) => {
  const { model, manager, pass, look } = await start(t);
  const ann = await ask(manager, 'ann');
  await pass(1_000, manager);
  t.like(ann.answer, { position: 1 });
  // Ann is between two requests when a terminal becomes ready.
  await manager.claims.end('taken-0');
  await settle(model, manager);
  const bob = await ask(manager, 'bob');
  await look(manager);
  t.is(bob.answer, undefined);
  t.is((await manager.claim('ann')).status, 'new');
  t.is(bob.answer, undefined);
  bob.disconnect();
});

test('inv 3: queue: restarted manager keeps the order', async (t) => {
  const { model, manager, pass, run, time } = await start(t);
  const asked = [await ask(manager, 'ann'), await ask(manager, 'bob'), await ask(manager, 'eve')];
  await pass(2_000, manager);
  t.deepEqual(
    asked.map(({ answer }) => answer?.status === 'waiting' && answer.position),
    [1, 2, 3],
  );
  await manager.stop();
  // Longer than a running manager keeps an absent visitor's position.
  time.now += 120_000;
  const next = run();
  await settle(model, next);
  const [eve, bob, ann] = [await ask(next, 'eve', 3), await ask(next, 'bob', 2), await ask(next, 'ann', 1)];
  await pass(1_000, next);
  await next.claims.end('taken-1');
  await settle(model, next);
  t.like(ann.answer, { status: 'new' });
  await pass(1_000, next);
  t.like(bob.answer, { status: 'waiting', position: 1 });
  t.like(eve.answer, { status: 'waiting', position: 2 });
});

test('inv 4: queue: one order over several managers', async (t) => {
  const { model, managers, pass } = await start(t, 3, { managers: 3 });
  const visitors = ['a', 'b', 'c', 'd', 'e', 'f'];
  const waits = new Map<string, Awaited<ReturnType<typeof ask>>>();
  for (const [index, visitor] of visitors.entries()) {
    waits.set(visitor, await ask(managers[index % 3]!, visitor, far));
    await pass(1_000, ...managers);
  }
  t.deepEqual(managers.map(waiting), [6, 6, 6]);
  for (const [index, taken] of ['taken-2', 'taken-0', 'taken-1', 'a', 'b', 'c'].entries()) {
    await managers[index % 3]!.claims.end(taken);
    await settle(model, ...managers);
    const now = visitors.filter((visitor) => waits.get(visitor)?.answer?.status === 'new');
    t.deepEqual(now, visitors.slice(0, index + 1));
  }
  await pass(3_000, ...managers);
  t.deepEqual([...model.storedQueue!.positions.keys()], []);
});

test('queue: two windows at two managers are one position and one terminal', async (t) => {
  const { model, managers, pass } = await start(t, 2, { managers: 2 });
  const [first, second] = managers;
  const bob = await ask(first!, 'bob', far);
  await pass(1_000, ...managers);
  const windows = [await ask(first!, 'ann'), await ask(second!, 'ann')];
  await pass(2_000, ...managers);
  t.is(waiting(first!), 2);
  t.like(windows[1]!.answer, { status: 'waiting', position: 2, waiting: 2 });
  const again = [await ask(first!, 'ann', far), await ask(second!, 'ann', far), await ask(second!, 'ann', far)];
  const written = model.writes;
  await pass(4_000, ...managers);
  t.true(model.writes - written <= 3, `${model.writes - written} writes while nothing happens`);
  bob.disconnect();
  await pass(3_000, ...managers);
  await second!.claims.end('taken-0');
  await settle(model, ...managers);
  t.deepEqual(new Set(again.map(({ answer }) => answer && 'pod' in answer && answer.pod.uid)).size, 1);
  t.is([...model.pods.values()].filter(({ claim }) => claim?.visitor === 'ann').length, 1);
});

test('queue: leaving frees the position at once; a reload gets it back', async (t) => {
  const { model, managers, pass, look } = await start(t, 2, { managers: 2 });
  const [first, second] = managers;
  const ann = await ask(first!, 'ann', far);
  await pass(2_000, ...managers);
  const bob = await ask(second!, 'bob');
  await pass(2_000, ...managers);
  t.like(bob.answer, { position: 2 });
  ann.disconnect();
  second!.claims.leave('ann', undefined);
  await look(...managers);
  t.is(waiting(second!), 1);
  const again = await ask(first!, 'ann');
  await look(...managers);
  t.is(waiting(second!), 2);
  await pass(2_000, ...managers);
  t.like(again.answer, { position: 1, waiting: 2 });
  second!.claims.leave('ann', undefined);
  const next = await ask(second!, 'bob', 2);
  await look(...managers);
  await first!.claims.end('taken-0');
  await settle(model, ...managers);
  t.like(next.answer, { status: 'new' });
});

test('queue: a visitor who is absent for half a minute loses the position', async (t) => {
  const { model, manager, pass } = await start(t);
  const ann = await ask(manager, 'ann');
  const bob = await ask(manager, 'bob');
  await pass(1_000, manager);
  t.like([ann.answer, bob.answer], [{ position: 1 }, { position: 2 }]);
  const wait = await ask(manager, 'bob', 2);
  await pass(20_000, manager);
  t.like(wait.answer, { status: 'waiting', position: 1 });
  const on = await ask(manager, 'bob', 1);
  t.deepEqual([...model.storedQueue!.positions.keys()], ['ann', 'bob']);
  await pass(15_000, manager);
  t.deepEqual([...model.storedQueue!.positions.keys()], ['bob']);
  const back = await ask(manager, 'ann');
  await pass(2_000, manager);
  t.like(back.answer, { position: 2 });
  on.disconnect();
});

test('inv 3: queue: a visitor of a killed manager blocks the others for at most 25 s', async (t) => {
  const { model, managers, pass } = await start(t, 2, { managers: 2 });
  const [first, second] = managers;
  await ask(first!, 'ann', far);
  await pass(2_000, ...managers);
  const bob = await ask(second!, 'bob', far);
  await pass(1_000, ...managers);
  await first!.stop();
  await second!.claims.end('taken-0');
  await settle(model, second!);
  t.is(bob.answer, undefined, 'ann may still reconnect to this manager');
  const again = await ask(second!, 'bob', 2);
  await pass(20_000, second!);
  t.is(again.answer, undefined);
  await pass(10_000, second!);
  t.like(again.answer, { status: 'new' });
});

test('queue: max-waiting refuses further visitors with Retry-After and keeps the others', async (t) => {
  const { manager, pass } = await start(t, 2, {}, { 'warmterm.dev/max-waiting': '2' });
  const asked = [await ask(manager, 'ann'), await ask(manager, 'bob'), await ask(manager, 'eve')];
  await pass(2_000, manager);
  t.like(asked[1]!.answer, { position: 2 });
  t.like(asked[2]!.error, { code: 'too-many-requests', status: 429, retryAfter: 15 });
  const again = await ask(manager, 'ann', 1);
  await pass(2_000, manager);
  t.is(again.error, undefined);
});

test('queue: max 0 answers waiting visitors with pool-closed', async (t) => {
  const { model, manager, pass } = await start(t);
  const ann = await ask(manager, 'ann', 1);
  await pass(1_000, manager);
  model.setPool({ annotations: { 'warmterm.dev/max': '0' } });
  await pass(1_000, manager);
  t.like(ann.error, { code: 'pool-closed', retryable: false });
});

test('queue: max 0 keeps existing terminals reachable', async (t) => {
  const { model, manager } = await start(t);
  model.setPool({ annotations: { 'warmterm.dev/max': '0' } });
  await settle(model, manager);
  t.is((await manager.claim('taken-0')).status, 'reconnected');
  await t.throwsAsync(manager.claim('ann'), { code: 'pool-closed' });
});

test('queue: a restart keeps the turn of the visitor', async (t) => {
  const { model, manager, pass } = await start(t);
  await pass(1_000, manager);
  const ann = await ask(manager, 'ann', far);
  const restarted = manager.restart('taken-1');
  await settle(model, manager);
  t.is((await restarted).status, 'new');
  t.not(ann.answer?.status, 'new');
});

test('queue: a client that disconnects leaves the queue', async (t) => {
  const { manager, pass } = await start(t);
  const ann = await ask(manager, 'ann');
  await pass(500, manager);
  t.is(waiting(manager), 1);
  ann.disconnect();
  await nextTurn();
  t.true(isAbort(ann.error));
  await pass(3_000, manager);
  t.is(waiting(manager), 0);
});

test('queue: one abort listener for each waiting request, none afterwards', async (t) => {
  const { model, manager, pass } = await start(t, 20);
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;
  const claim = (visitor: string, position?: number) =>
    manager.claims.claim(requestBy(visitor, { position, clientGone: signal }));
  for (let visitor = 0; visitor < 20; visitor++) await claim(`taken-${visitor}`);
  t.is(listeners(), 0, 'for visitors who have a terminal');
  const waits = Array.from({ length: 9 }, (_, index) => claim(`visitor-${index}`, far));
  await pass(2_000, manager);
  t.is(listeners(), 9);
  // Each ready terminal wakes all waiting requests.
  for (let taken = 0; taken < 4; taken++) {
    await manager.claims.end(`taken-${taken}`);
    await settle(model, manager);
  }
  t.is(listeners(), 5);
  await pass(10_000, manager);
  const answers = await Promise.all(waits);
  t.is(answers.filter(({ status }) => status === 'waiting').length, 5, 'with their positions');
  t.is(listeners(), 0);
  const restarted = manager.restart('taken-15', { clientGone: signal });
  await settle(model, manager);
  t.is((await restarted).status, 'new');
  await t.throwsAsync(manager.claim('ann', { clientGone: AbortSignal.abort() }), { any: true, name: 'AbortError' });
  t.is(listeners(), 0);
});

test('inv 11: queue: nothing is stored for a visitor who gets a ready terminal', async (t) => {
  const { model, manager } = await start(t, 0, {}, { 'warmterm.dev/max': '3', 'warmterm.dev/spare': '2' });
  await manager.claim('ann');
  await settle(model, manager);
  t.is(model.storedQueue, undefined);
});

for (const fault of ['lost-request', 'lost-response'] as const) {
  test(`inv 3: queue: a ${fault} only delays the stored position`, async (t) => {
    const { model, manager, pass } = await start(t);
    manager.port.queueFaults.push(fault, fault);
    const ann = await ask(manager, 'ann', far);
    await pass(4_000, manager);
    t.deepEqual([...model.storedQueue!.positions.keys()], ['ann']);
    ann.disconnect();
  });
}

test('queue: stored again after the ConfigMap is deleted', async (t) => {
  const { model, manager, pass } = await start(t);
  const ann = await ask(manager, 'ann', far);
  await pass(2_000, manager);
  const since = model.storedQueue!.positions.get('ann')!.since;
  model.storedQueue = undefined;
  manager.port.queue.push({ kind: 'queue', name: 'default-waiting', object: undefined });
  await pass(2_000, manager);
  t.is(model.storedQueue!.positions.get('ann')!.since, since);
  t.is(poolOf(manager).queue.since('ann'), since);
  ann.disconnect();
});

/** The queue of managers that stopped eleven minutes ago, with all of their visitors. */
function leaveDead(model: ModelCluster, count: number, now: number): void {
  const seen = now - 11 * 60_000;
  const dead = Array.from({ length: count }, (_, index) => {
    return [`dead-${index}`, { since: seen - count + index, address: 'net', seen }] as const;
  });
  model.putQueue({ ...model.ensureQueue(), positions: new Map(dead) });
}

test('queue: 64 dead entries do not delay 200 visitors after a restart', async (t) => {
  const seats = { 'warmterm.dev/spare': '200', 'warmterm.dev/max': '200', 'warmterm.dev/max-waiting': '10' };
  const { model, manager, run, time, pass } = await start(t, 0, {}, seats);
  await settle(model, manager);
  await manager.stop();
  leaveDead(model, 64, time.now);
  const next = run();
  await settle(model, next);
  t.is(waiting(next), 0);
  t.is(model.pool.replicas, 200);
  const visitors = Array.from({ length: 200 }, (_, index) => `visitor-${index}`);
  const claims = visitors.map((visitor) => next.claims.claim(requestBy(visitor)));
  await pass(2_000, next);
  t.deepEqual(
    (await Promise.all(claims)).filter(({ status }) => status !== 'new'),
    [],
  );
  await pass(40_000, next);
  t.deepEqual([...model.storedQueue!.positions.keys()], [], 'the dead entries expire');
});

test('queue: dead entries block no visitor and use no limit while managers crash every ten seconds', async (t) => {
  const limits = { 'warmterm.dev/max-waiting': '3', 'warmterm.dev/max-waiting-per-address': '2' };
  const { model, manager, run, time, pass } = await start(t, 2, {}, limits);
  await manager.stop();
  leaveDead(model, 64, time.now);
  const origin = { address: 'net' };
  for (const round of [0, 1, 2]) {
    const next = run();
    await settle(model, next);
    const visitor = `visitor-${round}`;
    const claim = next.claims.claim(requestBy(visitor, { origin }));
    await pass(2_000, next);
    t.like(await claim, { status: 'waiting', position: 1, waiting: 1 });
    const metrics = readMetrics(await next.metrics.registry.metrics());
    t.is(metrics.get('warmterm_pool_waiting{pool="default"}'), 1);
    const again = next.claims.claim(requestBy(visitor, { origin, position: 1 }));
    await next.claims.end([...model.pods.values()].find((pod) => pod.claim && !pod.terminating)!.claim!.visitor);
    await settle(model, next);
    t.like(await again, { status: 'new' });
    await pass(8_000, next);
    await next.stop();
  }
});
