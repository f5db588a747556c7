// Random histories over several managers that share one cluster: visitors come and go, pods start and end, watches lag,
// answers are lost, managers are killed, and one leads. Every step checks the invariants against the cluster's history.

import test from 'ava';
import fc from 'fast-check';
import { composeClaimant } from '../../../common/claimant.ts';
import type { ExposureMode } from '../../../manager/model/observation.ts';
import { isOver } from '../../../manager/model/observation.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';

import { FakeTime } from '../../helpers/fake-time.ts';
import { histories } from '../../helpers/long.ts';
import { settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { type Fault, ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

// The start timeout is two seconds here, so that one history has many broken pods.
const [spare, min, max] = [2, 1, 6];
const annotations = {
  'warmterm.dev/spare': String(spare),
  'warmterm.dev/min': String(min),
  'warmterm.dev/max': String(max),
  'warmterm.dev/scale-down-delay': '30s',
  'warmterm.dev/start-timeout': '2s',
  // Longer than a history, so that this timeout ends no session.
  'warmterm.dev/connect-timeout': '1h',
};
const visitors = 9;
/** Three visitors, each with the page's terminal and two runs. */
const claimantOf = (index: number): string =>
  composeClaimant(`visitor-${index % 3}`, index < 3 ? undefined : `run0000${index}`);
const nodes = ['node', 'node-2'];
const nodeStates = { up: {}, cordoned: { cordoned: true }, down: { ready: false }, deleted: {} };

type Step =
  | { do: 'claim'; manager: number; visitor: number; fault: Fault | undefined }
  | { do: 'leave'; manager: number; visitor: number }
  | { do: 'restart'; manager: number; visitor: number }
  | { do: 'connect'; manager: number; visitor: number }
  | { do: 'deliver'; manager: number; count: number }
  | { do: 'become-ready' | 'die' | 'be-gone' | 'end' | 'get-stuck' | 'get-unstuck'; pod: number }
  | { do: 'scale'; replicas: number }
  | { do: 'template'; good: boolean }
  | { do: 'windows'; windows: { inMs: number; lastMs: number; ready: number }[] }
  | { do: 'node'; node: string; state: keyof typeof nodeStates }
  | { do: 'unexpose'; kind: 'service' | 'route'; ordinal: number }
  | { do: 'kill'; manager: number }
  | { do: 'lease-fault'; manager: number; fault: Fault | undefined }
  | { do: 'pass'; ms: number }
  | { do: 'wait' };

const index = (below: number) => fc.nat(below - 1);
const fault = fc.option(fc.constantFrom<Fault>('lost-request', 'lost-response'), { nil: undefined, freq: 3 });
const stepOf = (managers: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('claim' as const),
        manager: index(managers),
        visitor: index(visitors),
        fault,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('leave' as const), manager: index(managers), visitor: index(visitors) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('restart' as const), manager: index(managers), visitor: index(visitors) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('connect' as const), manager: index(managers), visitor: index(visitors) }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('deliver' as const),
        manager: index(managers),
        count: fc.integer({ min: 1, max: 12 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('become-ready' as const), pod: index(8) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('die' as const, 'end' as const), pod: index(8) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('get-stuck' as const, 'get-unstuck' as const), pod: index(8) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('be-gone' as const), pod: index(8) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('scale' as const), replicas: index(8) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('template' as const), good: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('windows' as const),
        windows: fc.array(
          fc.record({
            inMs: fc.integer({ min: -30_000, max: 60_000 }),
            lastMs: fc.integer({ min: 1_000, max: 60_000 }),
            ready: fc.integer({ min: 1, max: 20 }),
          }),
          { maxLength: 3 },
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('node' as const),
        node: fc.constantFrom(...nodes),
        state: fc.constantFrom('up' as const, 'cordoned' as const, 'down' as const, 'deleted' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('unexpose' as const),
        kind: fc.constantFrom('service' as const, 'route' as const),
        ordinal: index(8),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), manager: index(managers) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('lease-fault' as const), manager: index(managers), fault }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 30_000 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
  );

async function run(steps: Step[], managerCount: number, exposure: ExposureMode) {
  const time = new FakeTime();
  const clock = () => time.now;
  const model = new ModelCluster({ annotations, replicas: 2, clock });
  // A single manager leads; several managers elect a leader.
  const start = () => startManager(model, { exposure, clock, ...(managerCount > 1 && { time }) });
  const managers: TestManager[] = Array.from({ length: managerCount }, start);
  const handedTo = new Map<string, Set<string>>();
  const open = new Set<Promise<void>>();
  const aborts: AbortController[] = [];
  /** Visitors who ended a terminal, and nodes that were down or deleted: the only reasons for a session to end. */
  const leavers = new Set<string>();
  const wentDown = new Set<string>();
  /** Visitors who got terminals from several managers: one terminal is enough. */
  const doubled = new Set<string>();
  let templates = 1;
  /** The highest number of replicas that an administrator set. */
  let scaledTo = 0;

  const ask = (result: Promise<{ pod: { uid: string } }>, visitor: string) => {
    const answered = result.then(
      ({ pod }) => void handedTo.set(pod.uid, (handedTo.get(pod.uid) ?? new Set()).add(visitor)),
      () => {},
    );
    open.add(answered);
    void answered.finally(() => open.delete(answered));
  };

  const signal = () => {
    const controller = new AbortController();
    aborts.push(controller);
    return controller.signal;
  };

  async function perform(step: Step): Promise<void> {
    if ('pod' in step) {
      const name = `default-${step.pod}`;
      if (step.do === 'get-stuck') return void model.stuck.set(name, { reason: 'ImagePullBackOff', message: '' });
      if (step.do === 'get-unstuck') return void model.stuck.delete(name);
      const pod = model.pods.get(name);
      if (!pod) return;
      if (step.do === 'become-ready' && model.canBeReady(pod) && !pod.ready) model.become(name);
      if (step.do === 'die' && !pod.terminating) model.put({ ...pod, terminating: true });
      if (step.do === 'end' && !pod.terminating && model.runs(pod)) model.endPod(name, 'Failed');
      if (step.do === 'be-gone' && pod.terminating && model.canEnd(pod)) model.remove(pod.name);
      return model.reconcile();
    }
    if (step.do === 'template') return model.setRevision(`${step.good ? 'good' : 'bad'}-${++templates}`);
    if (step.do === 'node') return setNode(step.node, step.state);
    if (step.do === 'unexpose') return model.withdraw(step.kind, `default-${step.ordinal}`);
    if (step.do === 'wait') return nextTurn();
    if (step.do === 'pass') return pass(step.ms);
    if (step.do === 'windows') return setWindows(step.windows);
    if (step.do === 'scale') {
      scaledTo = Math.max(scaledTo, step.replicas);
      return void model.scale(step.replicas);
    }
    const manager = managers[step.manager]!;
    if (step.do === 'deliver') return manager.port.deliver(step.count);
    if (step.do === 'lease-fault') return void manager.port.leaseFaults.push(step.fault);
    if (step.do === 'kill') {
      managers[step.manager] = start();
      return manager.stop();
    }
    const visitor = claimantOf(step.visitor);
    if (step.do === 'leave' || step.do === 'restart') leavers.add(visitor);
    if (step.do === 'connect') {
      const pod = manager.claims.find(visitor);
      const report = { connections: 1, connectedAt: new Date(time.now).toISOString() };
      return void (pod && (await manager.terminals.report(pod, report)));
    }
    if (step.do === 'leave') return void manager.claims.end(visitor).catch(() => {});
    if (step.do === 'restart') return ask(manager.restart(visitor, { pool: 'default', clientGone: signal() }), visitor);
    if (step.fault) manager.port.faults.push(step.fault);
    ask(manager.claim(visitor, { pool: 'default', clientGone: signal() }), visitor);
  }

  function setNode(node: string, state: keyof typeof nodeStates): void {
    if (state === 'down' || state === 'deleted') wentDown.add(node);
    if (state === 'deleted') return void model.deleteNode(node);
    model.setNode(node, { cordoned: false, ready: true, ...nodeStates[state] });
  }

  function setWindows(windows: { inMs: number; lastMs: number; ready: number }[]): void {
    const at = (ms: number) => `${new Date(time.now + ms).toISOString().slice(0, 19)}Z`;
    const written = windows.map(({ inMs, lastMs, ready }, index) => {
      return { name: `window-${index}`, from: at(inMs), to: at(inMs + lastMs), ready };
    });
    model.setPool({ annotations: { ...annotations, 'warmterm.dev/prewarm': JSON.stringify(written) } });
  }

  /** Advances the clock; every manager evaluates its pool. */
  async function pass(ms: number): Promise<void> {
    await time.pass(ms, check);
    for (const { pools } of managers) for (const pool of pools.all()) pool.changed();
  }

  function check(): void {
    for (const [uid, names] of model.visitorsOf) {
      if (names.size > 1) throw new Error(`inv 1: ${uid} was claimed by ${[...names].join(' and ')}`);
    }
    for (const [uid, names] of handedTo) {
      if (names.size > 1) throw new Error(`inv 1: ${uid} was handed to ${[...names].join(' and ')}`);
      if (!model.visitorsOf.get(uid)?.has([...names][0]!)) throw new Error(`${uid} was handed out without a claim`);
    }
    for (const uid of model.retired) {
      if (model.visitorsOf.has(uid)) throw new Error(`inv 1: ${uid} was retired, and is a visitor's`);
    }
    if (model.scaledAway.length > 0) throw new Error(`inv 5: ${model.scaledAway} were in use, and scaled away`);
    for (const { name, node, claim, ended } of model.deleted) {
      if (!ended && !leavers.has(claim!.visitor) && !wentDown.has(node!) && !doubled.has(claim!.visitor))
        throw new Error(`inv 5: ${name} was in use, and deleted`);
    }
    const most = Math.max(max, scaledTo);
    if (model.pool.replicas > most) throw new Error(`${model.pool.replicas} replicas, of at most ${most}`);
    if (managers.filter(({ isLeader }) => isLeader()).length > 1) throw new Error('two lead at once');
    const owners = [...model.pods.values()]
      .filter((pod) => pod.claim && !isOver(pod) && !wentDown.has(pod.node!))
      .map((pod) => pod.claim!.visitor);
    for (const owner of owners) if (owners.indexOf(owner) !== owners.lastIndexOf(owner)) doubled.add(owner);
    if (managerCount === 1 && doubled.size > 0)
      throw new Error(`inv 2: a visitor has two terminals: ${owners.join(', ')}`);
  }

  /** Checks the final state of a pool after a time without changes. */
  function checkQuiet(): void {
    const { replicas, revision } = model.pool;
    const pods = [...model.pods.values()];
    const inUse = pods.filter((pod) => pod.claim && !isOver(pod));
    const free = pods.filter(({ claim }) => !claim);
    for (const { name, claim } of inUse) {
      const isSecond = inUse.some(
        (other) =>
          other.claim!.visitor === claim!.visitor &&
          other.claim!.connectedAt !== undefined &&
          other.claim!.claimedAt < claim!.claimedAt,
      );
      if (isSecond) throw new Error(`inv 2: ${name} is a second terminal of ${claim!.visitor}`);
    }
    const needed = Math.min(max, Math.max(min, inUse.length + spare));
    const top = Math.max(0, ...inUse.map(({ ordinal }) => ordinal + 1));
    if (replicas !== Math.max(needed, top)) throw new Error(`${replicas} replicas, needed are ${needed}, ${top}`);
    if (free.some((pod) => pod.retired || !pod.ready)) throw new Error('some are retired, or not ready, for ever');
    const outdated = free.filter((pod) => pod.revision !== revision).length;
    // A full pool keeps its last ready terminal.
    if (outdated > 0 && (replicas < max || free.length > 1)) throw new Error(`${outdated} are of a former template`);
  }

  try {
    for (const step of steps) {
      await perform(step);
      check();
    }
    model.stuck.clear();
    // The second of two nodes may be deleted permanently.
    for (const node of nodes) if (node === nodes[0] || model.nodes.has(node)) setNode(node, 'up');
    model.setRevision(`good-${++templates}`);
    setWindows([]);
    for (let minutes = 0; minutes < 6; minutes++) {
      await pass(60_000);
      await settle(model, ...managers);
      check();
    }
    if (!managers.some(({ isLeader }) => isLeader())) throw new Error('nobody leads');
    checkQuiet();
    const exposed = exposure === 'ingress' ? [model.services, model.routes] : [model.services];
    for (const all of exposed) {
      const ordinals = [...all.values()].map(({ ordinal }) => ordinal).sort();
      const wanted = Array.from({ length: model.pool.replicas }, (_, ordinal) => ordinal);
      if (`${ordinals}` !== `${wanted}`) throw new Error(`${model.pool.replicas} replicas, exposed are ${ordinals}`);
    }
    for (const { pools } of managers) {
      const pool = pools.get('default')!;
      const { ready, recreating } = takeSnapshot(pool, time.now).counts;
      if (ready + recreating < spare && pool.replicas < max) throw new Error(`only ${ready} spare at ${pool.replicas}`);
    }
  } finally {
    for (const controller of aborts) controller.abort();
    await Promise.all([...open, ...managers.map(({ stop }) => stop())]);
    check();
  }
}

const property = (managerCount: number, exposure: ExposureMode = 'nodePort') =>
  fc.asyncProperty(fc.array(stepOf(managerCount), { minLength: 5, maxLength: 80 }), (steps) =>
    run(steps, managerCount, exposure),
  );

test('inv 1, 2, 3: properties: no shared pod and no second pod with one manager, lagging watches, lost answers and kills', async (t) => {
  await t.notThrowsAsync(() => fc.assert(property(1), histories(t, { short: 150, long: 5_000 })));
});

test('inv 1, 4: properties: no shared pod, no second pod and one leader with three managers that claim at once', async (t) => {
  await t.notThrowsAsync(() => fc.assert(property(3), histories(t, { short: 150, long: 5_000 })));
});

test('inv 1, 4: properties: the same with two managers and changing routes, and every ordinal is exposed in the end', async (t) => {
  await t.notThrowsAsync(() => fc.assert(property(2, 'ingress'), histories(t, { short: 150, long: 5_000 })));
});
