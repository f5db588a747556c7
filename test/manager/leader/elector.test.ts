import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { pino } from 'pino';
import { leaseOf } from '../../../common/names.ts';
import { Elector } from '../../../manager/leader/elector.ts';
import { FakeTime } from '../../helpers/fake-time.ts';
import { histories } from '../../helpers/long.ts';
import { type LeaseFault, ModelCluster } from '../../helpers/model-cluster.ts';

type Options = { rate?: number; offset?: number; wall?: () => number };

/** An elector with its own clock. `kill` leaves the lease as it is, `stop` releases it. */
function startElector(model: ModelCluster, time: FakeTime, identity: string, options: Options = {}) {
  const { rate, offset, wall = () => time.now } = options;
  const port = model.connect();
  const clock = time.clock(rate, offset);
  const told: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void told.push(JSON.parse(line).msg) });
  const elector = new Elector({ lease: leaseOf(), cluster: port, identity, log, clock: wall, ...clock });
  const abort = new AbortController();
  const ended = elector.run(abort.signal);
  const stop = () => {
    abort.abort();
    return ended;
  };
  const kill = () => {
    port.cut();
    model.disconnect(port);
    return stop();
  };
  return { identity, elector, port, clock, told, stop, kill };
}

async function start(t: ExecutionContext, count: number) {
  const model = new ModelCluster();
  const time = new FakeTime();
  const electors = Array.from({ length: count }, (_, index) => startElector(model, time, `manager-${index}`));
  t.teardown(async () => {
    const ended = Promise.all(electors.map(({ kill }) => kill()));
    for (const { port } of electors) port.unhang();
    await time.pass(5_000);
    await ended;
  });
  await time.settle();
  const leaders = () => electors.filter(({ elector }) => elector.isLeader()).map(({ identity }) => identity);
  return { model, time, electors, leaders };
}

test('elector: the first manager leads at once', async (t) => {
  const { model, time, leaders } = await start(t, 1);
  t.is(time.now, 0);
  t.deepEqual(leaders(), ['manager-0']);
  t.like(model.lease, { holder: 'manager-0', durationMs: 15_000, transitions: 0 });
});

test('elector: one of three that start together leads, as long as it lives', async (t) => {
  const { time, leaders } = await start(t, 3);
  const [leader] = leaders();
  await time.pass(600_000, () => t.deepEqual(leaders(), [leader!]));
});

test('elector: a clean stop releases the lease, and the next leads within a retry', async (t) => {
  const { model, time, electors, leaders } = await start(t, 2);
  t.deepEqual(leaders(), ['manager-0']);
  await electors[0]!.stop();
  t.false(electors[0]!.elector.isLeader());
  t.like(model.lease, { holder: '', durationMs: 1_000 });
  await time.pass(2_000);
  t.deepEqual(leaders(), ['manager-1']);
  t.like(model.lease, { holder: 'manager-1', transitions: 1 });
  t.deepEqual(electors[0]!.told, ['leads', 'leads no more, and gives the lease back']);
});

test('elector: a clean stop releases the lease even if the answer to the last renewal was lost', async (t) => {
  const { model, time, electors } = await start(t, 1);
  electors[0]!.port.leaseFaults.push('lost-response');
  await time.pass(2_000);
  await electors[0]!.stop();
  t.is(model.lease?.holder, '');
});

test('elector: a stop does not wait for an API server that hangs', async (t) => {
  const { time, electors } = await start(t, 1);
  electors[0]!.port.leaseFaults.push('hangs', 'hangs');
  await time.pass(2_000);
  const stopped = electors[0]!.stop();
  t.false(electors[0]!.elector.isLeader());
  await time.pass(2_000);
  await stopped;
  t.is(electors[0]!.told.at(-1), 'the lease was not given back, it will expire');
});

test('elector: a killed leader is succeeded when its lease expires, not before', async (t) => {
  const { time, electors, leaders } = await start(t, 2);
  await time.pass(60_000);
  await electors[0]!.kill();
  // Last renewed at most 2 s ago, and read every 2 s.
  await time.pass(12_500, () => t.deepEqual(leaders(), []));
  await time.pass(5_000);
  t.deepEqual(leaders(), ['manager-1']);
});

test('elector: leadership ends by the clock while a renewal hangs, and is reported', async (t) => {
  const { time, electors, leaders } = await start(t, 1);
  electors[0]!.port.leaseFaults.push(...Array<LeaseFault>(20).fill('hangs'));
  await time.pass(9_999);
  t.deepEqual(leaders(), ['manager-0']);
  await time.pass(2);
  t.deepEqual(leaders(), []);
  t.deepEqual(electors[0]!.told, ['leads', 'no answer about the lease, asking again', 'leads no more']);
});

test('elector: a resumed process is not leader until it renews', async (t) => {
  const { time, electors, leaders } = await start(t, 2);
  electors[0]!.clock.paused = true;
  await time.pass(20_000, () => t.true(leaders().length <= 1));
  electors[0]!.clock.paused = false;
  t.deepEqual(leaders(), ['manager-1']);
  await time.pass(20_000, () => t.deepEqual(leaders(), ['manager-1']));
});

test('elector: a resumed process does not trust an answer from before its suspension', async (t) => {
  const { time, electors, leaders } = await start(t, 2);
  const [{ port, clock }] = electors as [(typeof electors)[0]];
  port.leaseFaults.push('late-answer');
  await time.pass(2_000);
  clock.paused = true;
  await time.pass(20_000);
  port.unhang();
  await time.settle();
  t.deepEqual(leaders(), ['manager-1']);
});

test('elector: one lost answer does not end leadership', async (t) => {
  const { time, electors, leaders } = await start(t, 2);
  for (const fault of ['lost-response', 'lost-request', 'hangs'] as const) {
    electors[0]!.port.leaseFaults.push(fault);
    await time.pass(20_000, () => t.deepEqual(leaders(), ['manager-0']));
  }
});

test('elector: a lease taken by hand deposes the leader at its next renewal', async (t) => {
  const { model, time, leaders } = await start(t, 1);
  const { version, ...lease } = model.lease!;
  model.putLease(version, { ...lease, holder: 'administrator' });
  await time.pass(2_000);
  t.deepEqual(leaders(), []);
  await time.pass(17_000);
  t.deepEqual(leaders(), ['manager-0']);
});

type Step =
  | { do: 'pass'; ms: number }
  | { do: 'fault'; manager: number; fault: LeaseFault; times: number }
  | { do: 'unhang' | 'pause' | 'go-on' | 'stop' | 'kill'; manager: number }
  | { do: 'set-clock'; manager: number; wall: number };

const stepOf = (managers: number): fc.Arbitrary<Step> => {
  const manager = fc.nat(managers - 1);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('fault' as const),
        manager,
        fault: fc.constantFrom<LeaseFault>('lost-request', 'lost-response', 'hangs', 'late-answer'),
        times: fc.integer({ min: 1, max: 8 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('unhang' as const, 'pause' as const, 'go-on' as const, 'stop' as const, 'kill' as const),
        manager,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('set-clock' as const),
        manager,
        wall: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      }),
    },
  );
};

// Real clocks are far more accurate than a tenth fast or slow; the timing tolerates a third.
const rate = fc.double({ min: 0.9, max: 1.1, noNaN: true });
const clockOf = fc.record({ rate, offset: fc.integer({ min: 0, max: 1_000_000 }) });

async function run(clocks: { rate: number; offset: number }[], steps: Step[]): Promise<void> {
  const model = new ModelCluster();
  const time = new FakeTime();
  const walls = clocks.map(() => 1_700_000_000_000);
  let started = 0;
  const join = (index: number) =>
    startElector(model, time, `manager-${started++}`, { ...clocks[index]!, wall: () => walls[index]! });
  const electors = clocks.map((_, index) => join(index));
  const all = [...electors];
  const leaders = () => all.filter(({ elector }) => elector.isLeader()).map(({ identity }) => identity);
  const check = () => {
    if (leaders().length > 1) throw new Error(`${leaders().join(' and ')} lead at once, at ${time.now}`);
  };
  const replace = (index: number) => {
    electors[index] = join(index);
    all.push(electors[index]);
  };

  async function perform(step: Step): Promise<void> {
    if (step.do === 'pass') return time.pass(step.ms, check);
    const elector = electors[step.manager]!;
    if (step.do === 'fault') elector.port.leaseFaults.push(...Array<LeaseFault>(step.times).fill(step.fault));
    if (step.do === 'unhang') elector.port.unhang();
    if (step.do === 'pause') elector.clock.paused = true;
    if (step.do === 'go-on') elector.clock.paused = false;
    if (step.do === 'set-clock') walls[step.manager] = step.wall;
    if (step.do === 'stop') void elector.stop();
    if (step.do === 'kill') void elector.kill();
    if (step.do === 'stop' || step.do === 'kill') replace(step.manager);
    await time.settle();
    check();
  }

  try {
    for (const step of steps) await perform(step);
    for (const { port, clock } of all) {
      clock.paused = false;
      port.leaseFaults.length = 0;
      port.unhang();
    }
    await time.pass(40_000, check);
    if (leaders().length !== 1) throw new Error(`${leaders().length} lead after a quiet time`);
  } finally {
    const ended = Promise.all(all.map(({ kill }) => kill()));
    for (const { port } of all) port.unhang();
    await time.pass(5_000);
    await ended;
  }
}

for (const count of [2, 3]) {
  test(`elector: ${count} managers, lost and hanging requests, suspensions, wrong clocks: never two leaders, and one in the end`, async (t) => {
    const property = fc.asyncProperty(
      fc.array(clockOf, { minLength: count, maxLength: count }),
      fc.array(stepOf(count), { minLength: 5, maxLength: 40 }),
      run,
    );
    await t.notThrowsAsync(() => fc.assert(property, histories(t, { short: 150, long: 10_000 })));
  });
}

test('elector: a leader whose writes are all refused keeps its usual interval', async (t) => {
  const time = new FakeTime();
  const lease = { version: '1', holder: 'me', durationMs: 15_000, acquiredAt: 0, renewedAt: 0, transitions: 0 };
  let requests = 0;
  const abort = new AbortController();
  const cluster = {
    readLease: async () => ({ ...lease }),
    createLease: async () => lease,
    // The first write succeeds; later reads lag behind writes, as through a cache.
    updateLease: async () => {
      if (++requests > 500) abort.abort();
      return requests === 1 ? lease : ('conflict' as const);
    },
  };
  const log = pino({ level: 'silent' });
  const elector = new Elector({
    lease: leaseOf(),
    cluster,
    identity: 'me',
    log,
    clock: () => time.now,
    ...time.clock(),
  });
  const ended = elector.run(abort.signal);
  await time.pass(60_000);
  t.true(requests < 70, `${requests} writes in a minute`);
  abort.abort();
  await time.pass(5_000);
  await ended;
});
