import test, { type ExecutionContext } from 'ava';
import { ServiceError } from '../../../common/errors.ts';
import { describeWindows } from '../../../manager/api/describe-windows.ts';
import { noticesOf } from '../../../manager/events/notices.ts';
import { followProgress } from '../../../manager/events/progress.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const minute = 60_000;
const course = { name: 'course', from: '1970-01-01T01:00Z', to: '1970-01-01T03:00Z', ready: 4 };

async function start(t: ExecutionContext, windows: object[] = [course]) {
  const time = { now: 0 };
  const model = new ModelCluster({ clock: () => time.now });
  for (const name of model.nodes.keys()) {
    model.setNode(name, { capacity: { allocatable: { pods: 3 }, labels: {}, taints: [] } });
  }
  const manager = startManager(model, { clock: () => time.now });
  t.teardown(manager.stop);
  const setWindows = async (given: object[]) => {
    model.setPool({ annotations: { 'warmterm.dev/prewarm': JSON.stringify(given) } });
    await settle(model, manager);
  };
  await setWindows(windows);
  let asked = 0;
  const { port } = manager;
  const read = port.readCapacity;
  port.readCapacity = async () => {
    asked++;
    return read();
  };
  const pool = () => manager.pools.get('default')!;
  return {
    model,
    manager,
    port,
    pool,
    setWindows,
    look: async (now: number) => {
      time.now = now;
      await manager.capacityMonitor.look();
      return asked;
    },
    fits: () => describeWindows(takeSnapshot(pool(), time.now)).map(({ fits }) => fits),
    notices: () => noticesOf(takeSnapshot(pool(), time.now)).map(({ reason, message }) => `${reason}: ${message}`),
    news: () =>
      followProgress(takeSnapshot(pool(), time.now), {}).steps.map(({ reason, message }) => `${reason}: ${message}`),
  };
}

test('capacity monitor: reports at once whether a window fits, and checks every minute until it is over', async (t) => {
  const { look, fits, notices, news } = await start(t);
  t.deepEqual(fits(), [undefined]);
  t.is(await look(0), 1);
  t.deepEqual(fits(), ['yes']);
  t.deepEqual(notices(), []);
  t.deepEqual(news(), [
    'PrewarmFits: As far as the manager can see, the cluster has room for the window course of 1970-01-01T01:00Z (4 terminals). It cannot see what other namespaces use.',
  ]);
  t.is(await look(minute - 1), 1);
  t.is(await look(minute), 2);
  t.is(await look(180 * minute), 3, 'over, and node ports are still looked after');
  t.deepEqual(fits(), [undefined]);
  t.deepEqual(news(), []);
});

test('capacity monitor: without windows, checks quotas every minute, as max may exceed the node ports', async (t) => {
  const { model, look, notices } = await start(t, []);
  t.is(await look(0), 1);
  t.is(await look(minute - 1), 1);
  t.deepEqual(notices(), []);
  const hard = { 'services.nodeports': 8, pods: 3 };
  model.capacity = {
    quotas: [{ name: 'small', hard, used: { 'services.nodeports': 3 }, scoped: false }],
    neighbours: [],
  };
  t.is(await look(minute), 2);
  t.deepEqual(notices(), [
    'MaxAboveNodePorts: The pools may grow to 10 terminals (the sum of max), but there are node ports for only 6 (quota small: services.nodeports). ' +
      'Terminals beyond that cannot be reached: lower warmterm.dev/max, or use exposure: ingress.',
  ]);
});

test('capacity monitor: reports a max above the range of node ports until it is lowered', async (t) => {
  const { model, manager, look, notices } = await start(t, []);
  const setMax = async (max: string) => {
    model.setPool({ annotations: { 'warmterm.dev/max': max } });
    await settle(model, manager);
    await look(0);
  };
  await setMax('3000');
  t.regex(notices().join(), /^MaxAboveNodePorts: .*3000 terminals.*for only 2768 \(a cluster has 2768 by default\)/);
  await setMax('2768');
  t.deepEqual(notices(), []);
});

test('capacity monitor: checks windows that are set later, and reports every obstacle', async (t) => {
  const { model, look, fits, notices, news, setWindows } = await start(t);
  await look(0);
  model.capacity = { quotas: [{ name: 'small', hard: { pods: 5 }, used: { pods: 1 }, scoped: false }], neighbours: [] };
  await setWindows([
    course,
    { ...course, name: 'crowd', from: '1970-01-01T05:00Z', to: '1970-01-01T06:00Z', ready: 12 },
  ]);
  t.deepEqual(fits(), [undefined, undefined]);
  t.is(await look(1_000), 2);
  t.deepEqual(fits(), ['yes', 'no']);
  t.deepEqual(notices(), [
    'PrewarmDoesNotFit: The window crowd of 1970-01-01T05:00Z does not fit. It takes 12 terminals at once: max is 10; the quota small has room for 5 (pods); the current nodes have room for 6.',
  ]);
  t.is(news().length, 1);
});

test('capacity monitor: reports what it cannot read, and keeps its result while the API server does not answer', async (t) => {
  const { model, port, look, fits, notices } = await start(t);
  model.capacity = { quotas: undefined, neighbours: [] };
  await look(0);
  t.deepEqual(fits(), ['unknown']);
  t.deepEqual(notices(), [
    'PrewarmMayNotFit: The window course of 1970-01-01T01:00Z may not fit. It takes 4 terminals at once: the manager may not read the quotas.',
  ]);
  const { readCapacity } = port;
  port.readCapacity = async () => {
    throw new ServiceError('unavailable', 'away');
  };
  await look(minute);
  t.deepEqual(fits(), ['unknown']);
  port.readCapacity = readCapacity;
  model.capacity = { quotas: [], neighbours: [] };
  await look(minute + 1_000);
  t.deepEqual(fits(), ['unknown'], 'it is left alone for a while');
  await look(minute + 10_000);
  t.deepEqual(fits(), ['yes']);
});

test('capacity monitor: a stop ends an unanswered check without a failure', async (t) => {
  const { port, pool, manager } = await start(t);
  const stop = new AbortController();
  const asked = new Promise<void>((resolve) => {
    port.readCapacity = (signal) => {
      resolve();
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
  });
  const over = manager.capacityMonitor.look(stop.signal);
  await asked;
  stop.abort();
  await over;
  t.deepEqual(
    describeWindows(takeSnapshot(pool(), 0)).map(({ fits }) => fits),
    [undefined],
  );
});
