import test, { type ExecutionContext } from 'ava';
import type { ProbeResult } from '../../../manager/health/probe.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const second = 1_000;

/** Three terminals in use with a silence timeout of a minute. During `pass` the terminals `reporting` send reports. */
async function start(t: ExecutionContext, answer: (host: string) => ProbeResult) {
  let now = 0;
  const clock = () => now;
  const annotations = { 'warmterm.dev/spare': '1', 'warmterm.dev/silence-timeout': '1m', 'warmterm.dev/max': '9' };
  const model = new ModelCluster({ annotations, clock });
  const probes: { host: string; at: number }[] = [];
  const probe = async ({ host }: { host: string }) => {
    probes.push({ host, at: now });
    return answer(host);
  };
  const manager = startManager(model, { clock, probe });
  t.teardown(manager.stop);
  await settle(model, manager);
  const pods: ObservedPod[] = [];
  for (const visitor of ['ann', 'bob', 'cat']) {
    const { pod } = await manager.claim(visitor);
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
      manager.pools.get('default')!.changed();
      await settle(model, manager);
    }
  };
  const isAlive = (index: number) => model.pods.get(pods[index]!.name)?.uid === pods[index]!.uid;
  return { model, manager, pods, probes, pass, isAlive, report };
}

test('watchdog: reaps a missing terminal after three failed probes, with Events, and its visitor gets another', async (t) => {
  const { model, manager, pods, probes, pass, isAlive } = await start(t, () => 'unresponsive');
  await pass(71, 1, 2);
  t.true(isAlive(0));
  await pass(2, 1, 2);
  t.false(isAlive(0));
  t.deepEqual([isAlive(1), isAlive(2)], [true, true]);
  t.deepEqual(
    probes.map(({ host, at }) => `${host} ${at}`),
    ['10.0.0.0 60000', '10.0.0.0 66000', '10.0.0.0 72000'],
  );
  t.is((await manager.claim('ann')).status, 'new');
  const reaped = model.events.filter(({ reason }) => reason === 'Reaped');
  t.deepEqual(reaped.map(({ about }) => about.name).sort(), ['default', pods[0]!.name]);
  t.regex(reaped[0]!.message, /not reported for 1m \(silence-timeout\), and its server does not answer/);
  t.is(reaped[0]!.type, 'Warning');
});

test('inv 9: watchdog: keeps a missing terminal that answers its probe, and probes it again one timeout later', async (t) => {
  const { probes, pass, isAlive } = await start(t, () => 'healthy');
  await pass(600, 1, 2);
  t.true(isAlive(0));
  t.deepEqual(
    probes.map(({ at }) => at / second),
    [60, 120, 180, 240, 300, 360, 420, 480, 540, 600],
  );
});

test('inv 9: watchdog: keeps a missing terminal on an unreachable node', async (t) => {
  const { probes, pass, isAlive } = await start(t, () => 'unreachable');
  await pass(600, 1, 2);
  t.true(isAlive(0));
  t.true(probes.length > 10);
});

test('inv 9: watchdog: neither probes nor reaps when most terminals miss their heartbeats', async (t) => {
  const { probes, pass, isAlive } = await start(t, () => 'unresponsive');
  await pass(600, 2);
  t.deepEqual([isAlive(0), isAlive(1), isAlive(2)], [true, true, true]);
  t.deepEqual(probes, []);
});

test('watchdog: keeps a terminal that reports again before its third failed probe', async (t) => {
  const { probes, pass, isAlive, report } = await start(t, () => 'unresponsive');
  await pass(70, 1, 2);
  t.is(probes.length, 2);
  await report(0);
  await pass(58, 1, 2);
  t.true(isAlive(0));
  t.is(probes.length, 2);
  await pass(10, 1, 2);
  t.is(probes.length, 4, 'it is probed again');
  t.true(isAlive(0));
});

test('watchdog: counts only consecutive failed probes', async (t) => {
  const answers: ProbeResult[] = [
    'unresponsive',
    'unresponsive',
    'unreachable',
    'unresponsive',
    'unresponsive',
    'healthy',
  ];
  const { pass, isAlive } = await start(t, () => answers.shift() ?? 'healthy');
  await pass(200, 1, 2);
  t.true(isAlive(0));
});
