import test, { type ExecutionContext } from 'ava';
import { leaseOf } from '../../../common/names.ts';
import { Peers, renewMs } from '../../../manager/peers/peers.ts';
import { missedUntil } from '../../../manager/peers/roster.ts';
import { FakeTime } from '../../helpers/fake-time.ts';
import { silent } from '../../helpers/manager.ts';
import { type LeaseFault, ModelCluster } from '../../helpers/model-cluster.ts';

function createWorld(t: ExecutionContext) {
  const model = new ModelCluster();
  const time = new FakeTime();
  /** `stop` ends it cleanly, `kill` leaves its Lease as it is. */
  const start = (identity: string, isLeader = false) => {
    const port = model.connect();
    const { delay } = time.clock();
    const lease = leaseOf();
    const options = {
      lease,
      cluster: port,
      identity,
      log: silent,
      clock: () => time.now,
      delay,
      isLeader: () => isLeader,
    };
    const peers = new Peers(options);
    const abort = new AbortController();
    const ended = peers.run(abort.signal);
    const stop = () => {
      abort.abort();
      return ended;
    };
    const kill = () => {
      port.cut();
      model.disconnect(port);
      return stop();
    };
    t.teardown(kill);
    return { peers, port, stop, kill };
  };
  return { model, time, start };
}

const shares = (managers: { peers: Peers }[]) => managers.map(({ peers }) => peers.share());
const ranks = (managers: { peers: Peers }[]) =>
  shares(managers)
    .map(({ rank }) => rank)
    .sort();

test('peers: managers divide the pods as soon as each has written its Lease', async (t) => {
  const { time, start } = createWorld(t);
  const managers = ['a', 'b', 'c'].map((name) => start(name));
  t.deepEqual(shares(managers), Array(3).fill({ rank: 0, of: 1 }));
  await time.settle();
  t.deepEqual(ranks(managers), [0, 1, 2]);
  t.true(shares(managers).every(({ of }) => of === 3));
});

test('peers: each manager writes once in its interval, however many managers there are', async (t) => {
  const { model, time, start } = createWorld(t);
  let writes = 0;
  const { putManager } = model;
  model.putManager = (...given) => {
    writes++;
    putManager.apply(model, given);
  };
  for (const name of ['a', 'b', 'c', 'd', 'e']) start(name);
  await time.pass(10 * renewMs - 1);
  t.is(writes, 5 * 10);
});

test('peers: a manager that starts or stops changes the shares of the others at once', async (t) => {
  const { model, time, start } = createWorld(t);
  const [first, second] = [start('a'), start('b')];
  await time.settle();
  await time.pass(3_000);
  const third = start('c');
  await time.settle();
  t.deepEqual(ranks([first, second, third]), [0, 1, 2]);
  await third.stop();
  t.deepEqual(ranks([first, second]), [0, 1]);
  t.true(shares([first, second]).every(({ of }) => of === 2));
  t.is(model.managers.size, 2);
});

test('peers: a killed manager is absent after some renewals, and the leader removes its Lease', async (t) => {
  const { model, time, start } = createWorld(t);
  const [leader, other, dead] = [start('a', true), start('b'), start('c')];
  await time.settle();
  await dead.kill();
  t.is(model.managers.size, 3);
  await time.pass((missedUntil.absent + 1) * renewMs);
  t.deepEqual(ranks([leader, other]), [0, 1]);
  t.true(shares([leader, other]).every(({ of }) => of === 2));
  await time.pass((missedUntil.stale - missedUntil.absent + 1) * renewMs);
  t.is(model.managers.size, 2);
});

test('peers: a manager recreates its Lease after a deletion', async (t) => {
  const { model, time, start } = createWorld(t);
  const managers = [start('a'), start('b')];
  await time.settle();
  for (const name of [...model.managers.keys()]) model.putManager(name, false);
  await time.pass(renewMs);
  t.deepEqual(ranks(managers), [0, 1]);
});

for (const fault of ['lost-request', 'lost-response'] as const) {
  test(`inv 3: peers: after a ${fault}, every manager keeps running with its share`, async (t) => {
    const { time, start } = createWorld(t);
    const managers = [start('a'), start('b')];
    await time.settle();
    for (const { port } of managers) port.leaseFaults.push(...Array<LeaseFault>(20).fill(fault));
    await time.pass(10 * renewMs);
    t.deepEqual(ranks(managers), [0, 1], 'neither could renew, or has heard that it did');
    await time.pass(20 * renewMs);
    t.deepEqual(ranks(managers), [0, 1]);
  });
}

test('peers: a manager that may not write sees the others, and counts itself as one more', async (t) => {
  const { time, start } = createWorld(t);
  const other = start('a');
  await time.settle();
  const mute = start('b');
  mute.port.reportManager = () => Promise.reject(new Error('forbidden'));
  await time.pass(20 * renewMs);
  t.is(mute.peers.share().of, 2);
  t.deepEqual(other.peers.share(), { rank: 0, of: 1 });
});
