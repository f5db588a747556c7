// A StatefulSet that is deleted and recreated, as `kubectl replace --force` does, while visitors wait for a terminal.

import test, { type ExecutionContext } from 'ava';
import { requestBy, settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

const minute = 60_000;
/** A position so far back that the next report comes after eight seconds. */
const far = 99;

/** A pool of one terminal, which is in use, and `count` managers. */
async function start(t: ExecutionContext, count = 1) {
  const annotations = { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '1', 'warmterm.dev/connect-timeout': '1h' };
  const time = { now: 1_000_000 };
  const model = new ModelCluster({ annotations, clock: () => time.now });
  const run = () => {
    const manager = startManager(model, { clock: () => time.now });
    t.teardown(manager.stop);
    return manager;
  };
  const managers = Array.from({ length: count }, run);
  await settle(model, ...managers);
  await ask(managers[0]!, 'owner');
  await settle(model, ...managers);
  /** Lets time pass. Every second, watches deliver and managers evaluate the pool. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1_000) {
      time.now += Math.min(left, 1_000);
      for (const { pools, port } of managers) {
        port.deliver();
        for (const pool of [...pools.all(), ...pools.away(time.now)]) pool.changed();
      }
      for (let turn = 0; turn < 20; turn++) await nextTurn();
    }
  };
  return { model, managers, manager: managers[0]!, time, run, pass };
}

/** Claims as the page does, and records the answer. */
async function ask({ claims }: TestManager, visitor: string, pool?: string, position?: number) {
  const asked = { answer: undefined as unknown, error: undefined as unknown };
  claims.claim(requestBy(visitor, { pool, position })).then(
    (answer) => Object.assign(asked, { answer }),
    (error: unknown) => Object.assign(asked, { error }),
  );
  for (let turn = 0; turn < 16; turn++) await nextTurn();
  return asked;
}

const away = { code: 'unavailable', status: 503, retryable: true, retryAfter: 5 };
const line = ({ pools }: TestManager, at: number) => pools.known('default')!.queue.visitors(at);

test('recreated pool: answers 503 with Retry-After meanwhile, with and without ?pool=', async (t) => {
  const { model, manager, pass } = await start(t);
  const ann = await ask(manager, 'ann');
  await pass(1_000);
  model.deleteSet();
  await pass(1_000);
  t.like(ann.error ?? ann.answer, { status: 'waiting', position: 1 }, 'the position was reported before');
  t.like((await ask(manager, 'ann')).error, away);
  t.like((await ask(manager, 'bob')).error, away);
  t.like((await ask(manager, 'bob', 'default')).error, away);
  t.throws(() => manager.claims.find('owner'), { code: 'unavailable' });
  t.notThrows(() => manager.claims.leave('ann', 'default'));
});

test('recreated pool: answers a waiting request at once', async (t) => {
  const { model, manager, time } = await start(t);
  const waits = await ask(manager, 'ann');
  t.deepEqual(waits, { answer: undefined, error: undefined });
  model.deleteSet();
  time.now += 10;
  manager.port.deliver();
  for (let turn = 0; turn < 6; turn++) await nextTurn();
  t.like(waits.error, away);
});

test('recreated pool: not-found after five minutes without a StatefulSet', async (t) => {
  const { model, manager, pass } = await start(t);
  model.deleteSet();
  await pass(5 * minute - 1_000);
  t.like((await ask(manager, 'bob', 'default')).error, away);
  await pass(2_000);
  t.like((await ask(manager, 'bob', 'default')).error, { code: 'not-found', retryable: false });
});

test('recreated pool: no request falls through to another pool', async (t) => {
  const { model, manager, pass } = await start(t);
  const empty = { replicas: 0, annotations: { 'warmterm.dev/max': '0' } };
  const other = { ...model.pool, ...empty, name: 'other', statefulSet: 'other', uid: 'other' };
  model.tell({ kind: 'pool', name: 'other', object: other });
  model.deleteSet();
  await pass(1_000);
  t.like((await ask(manager, 'bob')).error, { code: 'invalid-request' });
});

test('recreated pool: a label without a StatefulSet is no pool', async (t) => {
  const { model, manager } = await start(t);
  model.put({ ...model.pods.get('default-0')!, pool: 'quarantine' });
  manager.port.deliver();
  const ann = await ask(manager, 'ann');
  t.is(ann.error, undefined);
});

for (const managerCount of [1, 2]) {
  for (const gap of [2_000, 2 * minute]) {
    test(`recreated pool: the queue keeps its order over ${gap / 1_000} s and ${managerCount} managers`, async (t) => {
      const { model, managers, pass, time } = await start(t, managerCount);
      const visitors = ['ann', 'bob', 'eve'];
      const at = (index: number) => managers[index % managerCount]!;
      for (const [index, visitor] of visitors.entries()) {
        await ask(at(index), visitor);
        await pass(1_000);
      }
      // Each claims again, as the page does, and waits up to eight seconds.
      for (const [index, visitor] of visitors.entries()) await ask(at(index), visitor, undefined, far);
      t.deepEqual([...model.storedQueue!.positions.keys()].toSorted(), visitors);
      const room = model.storedQueue!.uid;
      model.deleteSet();
      t.is(model.storedQueue, undefined);
      await pass(gap);
      for (const [index, visitor] of visitors.entries()) t.like((await ask(at(index), visitor)).error, away);
      model.createSet({ replicas: 1 });
      model.settle();
      await pass(1_000);
      for (const manager of managers) t.deepEqual(line(manager, time.now), visitors);
      // The last in the queue returns first. A terminal is ready for another.
      const eve = await ask(at(2), 'eve');
      await pass(1_000);
      t.like(eve.answer, { status: 'waiting', position: 3 });
      const ann = await ask(at(0), 'ann');
      await pass(2_000);
      t.like(ann.answer, { status: 'new' });
      const bob = await ask(at(1), 'bob');
      await pass(2_000);
      t.like(bob.answer, { status: 'waiting', position: 1 });
      t.not(model.storedQueue!.uid, room);
      t.deepEqual([...model.storedQueue!.positions.keys()].toSorted(), ['bob', 'eve']);
    });
  }
}

test('recreated pool: a manager that starts afterwards reads the kept queue', async (t) => {
  const { model, managers, pass, run, time } = await start(t, 2);
  for (const [index, visitor] of ['ann', 'bob'].entries()) {
    await ask(managers[index]!, visitor);
    await pass(1_000);
  }
  await ask(managers[0]!, 'ann', undefined, far);
  model.deleteSet();
  await pass(1_000);
  // Ann's manager stops. The other manager knows ann only from the queue that was deleted.
  await managers.shift()!.stop();
  model.createSet({ replicas: 0 });
  await pass(2_000);
  const next = run();
  next.port.deliver();
  t.deepEqual(line(next, time.now), ['ann', 'bob']);
});

test('recreated pool: a visitor who does not return does not block the queue', async (t) => {
  const { model, manager, pass, time } = await start(t);
  await ask(manager, 'ann');
  await pass(1_000);
  const bob = await ask(manager, 'bob');
  await pass(1_000);
  t.like(bob.answer, { position: 2 });
  model.deleteSet();
  await pass(1_000);
  model.createSet({ replicas: 1 });
  await settle(model, manager);
  const back = await ask(manager, 'bob');
  await pass(8_000);
  t.like(back.answer ?? (await ask(manager, 'bob')).answer, { status: 'new' });
  t.deepEqual(line(manager, time.now), []);
});
