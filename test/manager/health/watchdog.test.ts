import test, { type ExecutionContext } from 'ava';
import type { Knocked } from '../../../manager/health/probe.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import { never, settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const second = 1_000;

/** Three visitors in their terminals, whose silence timeout is a minute; `pass` has those of `reporting` report meanwhile. */
async function start(t: ExecutionContext, answer: (host: string) => Knocked) {
  let now = 0;
  const clock = () => now;
  const annotations = { 'warmterm.dev/spare': '1', 'warmterm.dev/silence-timeout': '1m', 'warmterm.dev/max': '9' };
  const model = new ModelCluster({ annotations, clock });
  const knocks: { host: string; at: number }[] = [];
  const knock = async ({ host }: { host: string }) => {
    knocks.push({ host, at: now });
    return answer(host);
  };
  const manager = startManager(model, { clock, knock });
  t.teardown(manager.stop);
  await settle(model, manager);
  const pods: ObservedPod[] = [];
  for (const visitor of ['ann', 'bob', 'cat']) {
    const { pod } = await manager.claims.claim(visitor, undefined, never);
    pods.push(pod);
    await settle(model, manager);
  }
  const report = (index: number) =>
    manager.terminals.report(pods[index]!, { connections: 1, connectedAt: new Date(0).toISOString() });
  for (const index of pods.keys()) await report(index);
  const pass = async (seconds: number, ...reporting: number[]) => {
    for (let passed = 0; passed < seconds; passed++) {
      now += second;
      if (passed % 10 === 0) for (const index of reporting) await report(index);
      manager.controller.touch(manager.pools.get('default')!);
      await settle(model, manager);
    }
  };
  const isAlive = (index: number) => model.pods.get(pods[index]!.name)?.uid === pods[index]!.uid;
  return { model, manager, pods, knocks, pass, isAlive, report };
}

test('a terminal that is silent and does not answer is reaped, its visitor gets another, and it is told why', async (t) => {
  const { model, manager, pods, knocks, pass, isAlive } = await start(t, () => 'wedged');
  await pass(71, 1, 2);
  t.true(isAlive(0));
  await pass(2, 1, 2);
  t.false(isAlive(0));
  t.deepEqual([isAlive(1), isAlive(2)], [true, true]);
  t.deepEqual(
    knocks.map(({ host, at }) => `${host} ${at}`),
    ['10.0.0.0 60000', '10.0.0.0 66000', '10.0.0.0 72000'],
  );
  t.is((await manager.claims.claim('ann', undefined, never)).status, 'new');
  const reaped = model.events.filter(({ reason }) => reason === 'Reaped');
  t.deepEqual(reaped.map(({ about }) => about.name).sort(), ['default', pods[0]!.name]);
  t.regex(reaped[0]!.message, /not reported for 1m \(silence-timeout\), and its server does not answer/);
  t.is(reaped[0]!.type, 'Warning');
});

test('inv 9: one that is silent but answers is well, and is asked again only after another silence', async (t) => {
  const { knocks, pass, isAlive } = await start(t, () => 'well');
  await pass(600, 1, 2);
  t.true(isAlive(0));
  t.deepEqual(
    knocks.map(({ at }) => at / second),
    [60, 120, 180, 240, 300, 360, 420, 480, 540, 600],
  );
});

test('inv 9: one that cannot be reached is left alone', async (t) => {
  const { knocks, pass, isAlive } = await start(t, () => 'unreachable');
  await pass(600, 1, 2);
  t.true(isAlive(0));
  t.true(knocks.length > 10);
});

test('inv 9: when most are silent nobody is knocked at, nor reaped', async (t) => {
  const { knocks, pass, isAlive } = await start(t, () => 'wedged');
  await pass(600, 2);
  t.deepEqual([isAlive(0), isAlive(1), isAlive(2)], [true, true, true]);
  t.deepEqual(knocks, []);
});

test('one that reports again before it was believed to be wedged stays', async (t) => {
  const { knocks, pass, isAlive, report } = await start(t, () => 'wedged');
  await pass(70, 1, 2);
  t.is(knocks.length, 2);
  await report(0);
  await pass(58, 1, 2);
  t.true(isAlive(0));
  t.is(knocks.length, 2);
  await pass(10, 1, 2);
  t.is(knocks.length, 4, 'it is suspected anew');
  t.true(isAlive(0));
});

test('one that answers between its failures is no worse than at first', async (t) => {
  const answers: Knocked[] = ['wedged', 'wedged', 'unreachable', 'wedged', 'wedged', 'well'];
  const { pass, isAlive } = await start(t, () => answers.shift() ?? 'well');
  await pass(200, 1, 2);
  t.true(isAlive(0));
});
