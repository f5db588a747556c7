import test from 'ava';
import { noticesOf } from '../../../manager/events/notices.ts';
import type { NodeState } from '../../../manager/model/nodes.ts';
import type { ExposureMode, ObservedPod, ObservedRoute, ObservedService } from '../../../manager/model/observation.ts';
import { Pool } from '../../../manager/model/pool.ts';
import { type Plan, planPool, withoutLead } from '../../../manager/plan/plan.ts';
import { evaluatePool, takeSnapshot } from '../../../manager/plan/snapshot.ts';

type Letter = 'r' | 'u' | 's' | '.' | 't' | 'x' | 'o' | 'b';

const minute = 60_000;

const serviceOf = (ordinal: number): ObservedService => ({
  name: `p-${ordinal}`,
  uid: `service-${ordinal}`,
  pool: 'p',
  ordinal,
  nodePort: 30_000 + ordinal,
});
const routeOf = (ordinal: number): ObservedRoute => ({
  name: `p-${ordinal}`,
  uid: `route-${ordinal}`,
  pool: 'p',
  ordinal,
  address: { protocol: 'https', host: `p-${ordinal}.terminals.test`, port: 443 },
  asTemplate: true,
});

/**
 * A pool drawn as a string: `r` ready, `u` in use, `s` starting, `.` no pod yet, `t` terminating, `x` retired; `o` ready and
 * `b` not ready, of an old template. All pods are exposed.
 */
function drawPool(
  pods: string,
  settings: Record<string, string> = {},
  exposed = pods.length,
  exposure: ExposureMode = 'nodePort',
): Pool {
  const pool = new Pool('p', { exposure, hostOf: () => '192.0.2.1' });
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  pool.observeSpec({
    name: 'p',
    statefulSet: 'p',
    uid: 'p',
    version: 1,
    createdAt: 0,
    replicas: pods.length,
    revision: 'one',
    annotations,
  });
  for (const [ordinal, letter] of ([...pods] as Letter[]).entries()) {
    if (letter !== '.') pool.observePod(drawPod(ordinal, letter));
    if (ordinal >= exposed) continue;
    pool.observeService(serviceOf(ordinal));
    if (exposure === 'ingress') pool.observeRoute(routeOf(ordinal));
  }
  return pool;
}

const drawPod = (ordinal: number, letter: Letter, claim: Partial<ObservedPod['claim']> = {}): ObservedPod => ({
  name: `p-${ordinal}`,
  uid: `uid-${ordinal}`,
  pool: 'p',
  ordinal,
  version: 1,
  node: 'n',
  podAddress: undefined,
  healthAddress: undefined,
  createdAt: 0,
  ready: letter !== 's' && letter !== 'b',
  readyChangedAt: undefined,
  trouble: undefined,
  terminating: letter === 't',
  taken: letter === 'u' || letter === 'x',
  retired: letter === 'x',
  revision: letter === 'o' || letter === 'b' ? 'former' : 'one',
  claim: letter === 'u' ? { id: 'c', visitor: `v${ordinal}`, claimedAt: 0, connectedAt: 1, ...claim } : undefined,
  annotated: true,
});

const scaling = test.macro<
  [{ pods: string; settings: Record<string, string>; waiting?: number; scaleTo: number | undefined }]
>({
  title: (_, { pods, settings, waiting = 0, scaleTo }) =>
    `pods "${pods}", ${JSON.stringify(settings)}, ${waiting} waiting: ${scaleTo === undefined ? 'as it is' : `scale to ${scaleTo}`}`,
  exec(t, { pods, settings, waiting, scaleTo }) {
    t.is(planPool(takeSnapshot(drawPool(pods, settings), 0, waiting)).scaleTo, scaleTo);
  },
});

test(scaling, { pods: '', settings: { spare: '2' }, scaleTo: 2 });
test(scaling, { pods: 'rr', settings: { spare: '2' }, scaleTo: undefined });
test(scaling, { pods: 'ur', settings: { spare: '2' }, scaleTo: 3 });
test(scaling, { pods: 'us', settings: { spare: '1' }, scaleTo: undefined });
test(scaling, { pods: 'ut', settings: { spare: '1' }, scaleTo: undefined });
test(scaling, { pods: 'u.', settings: { spare: '1' }, scaleTo: undefined });
test(scaling, { pods: 'uuu', settings: { spare: '3', max: '4' }, scaleTo: 4 });
test(scaling, { pods: 'uuu', settings: { spare: '3', max: '3' }, scaleTo: undefined });
test(scaling, { pods: 'uuu', settings: { spare: '3', max: '2' }, scaleTo: undefined });
test(scaling, { pods: 'r', settings: { spare: '0', min: '4' }, scaleTo: 4 });
test(scaling, { pods: 'rrrrr', settings: { spare: '1' }, scaleTo: undefined });
test(scaling, { pods: 'u', settings: { spare: '0' }, waiting: 1, scaleTo: 2 });
test(scaling, { pods: 'us', settings: { spare: '0' }, waiting: 1, scaleTo: undefined });

test('expose: Services are planned before their pods, lowest ordinal first', (t) => {
  t.deepEqual(planPool(takeSnapshot(drawPool('uuu', { spare: '2' }, 1), 0)).expose, {
    services: [1, 2, 3, 4],
    routes: [],
  });
});

test('expose: with routes, each ordinal gets a Service and a route before its pod', (t) => {
  const pool = drawPool('uuu', { spare: '2' }, 1, 'ingress');
  t.deepEqual(planPool(takeSnapshot(pool, 0)).expose, { services: [1, 2, 3, 4], routes: [1, 2, 3, 4] });
  pool.observeService({ ...serviceOf(1), nodePort: undefined });
  pool.observeRoute(routeOf(2));
  t.deepEqual(planPool(takeSnapshot(pool, 0)).expose, { services: [2, 3, 4], routes: [1, 3, 4] });
  pool.observeRouteGone(0);
  t.deepEqual(planPool(takeSnapshot(pool, 0)).expose.routes, [0, 1, 3, 4]);
});

test('expose: a Service without a node port, left over from routes, is planned again', (t) => {
  const pool = drawPool('r');
  pool.observeService({ ...serviceOf(0), nodePort: undefined });
  t.deepEqual(planPool(takeSnapshot(pool, 0)).expose.services, [0]);
  t.is(pool.ready.take(), undefined);
});

test('expose: with routes, a pod is given out only once its route has a host', (t) => {
  const pool = drawPool('r', {}, 0, 'ingress');
  pool.observeService({ ...serviceOf(0), nodePort: undefined });
  t.is(pool.ready.take(), undefined);
  pool.observeRoute({ ...routeOf(0), address: undefined, asTemplate: false });
  t.is(pool.ready.take(), undefined);
  pool.observeRoute(routeOf(0));
  t.is(pool.ready.take()?.ordinal, 0);
  pool.observeServiceGone(0);
  t.is(pool.address(pool.pod(0)!), undefined);
});

test('inv 5: withdraw: an ordinal above the replicas loses its Service and route, but not before its pod is gone', (t) => {
  const pool = drawPool('urut', { spare: '1' }, 4, 'ingress');
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 2 });
  t.deepEqual(planPool(takeSnapshot(pool, 0)).withdraw, { services: [], routes: [] });
  pool.observePodGone(3, 'uid-3');
  t.deepEqual(planPool(takeSnapshot(pool, 0)).withdraw, { services: [serviceOf(3)], routes: [routeOf(3)] });
  pool.observePodGone(2, 'uid-2');
  t.deepEqual(
    planPool(takeSnapshot(pool, 0)).withdraw.routes.map(({ ordinal }) => ordinal),
    [2, 3],
  );
});

test('withdraw: keeps Service and route of an ordinal that the plan needs again', (t) => {
  const pool = drawPool('uuu', { spare: '1' });
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 2 });
  pool.observePodGone(2, 'uid-2');
  const { scaleTo, withdraw } = planPool(takeSnapshot(pool, 0));
  t.is(scaleTo, 3);
  t.deepEqual(withdraw, { services: [], routes: [] });
});

test('expose: restores a changed route', (t) => {
  const pool = drawPool('rr', {}, 2, 'ingress');
  const changed = { ...routeOf(1), asTemplate: false };
  pool.observeRoute(changed);
  t.deepEqual(planPool(takeSnapshot(pool, 0)).restore, [changed]);
  // The address stays the same until the route is restored.
  t.is(pool.ready.take()?.ordinal, 0);
  t.is(pool.ready.take()?.ordinal, 1);
});

test('pick: takes a random one of the lowest few, and keeps the others', (t) => {
  const pool = drawPool('rrrrr', {}, 5);
  t.is(pool.ready.take({ among: 3, random: 0.5 })?.ordinal, 1);
  t.is(pool.ready.take({ among: 3, random: 0.99 })?.ordinal, 3);
  t.deepEqual(
    [
      pool.ready.take(),
      pool.ready.take({ among: 9, random: 0.6 }),
      pool.ready.take(),
      pool.ready.take({ among: 2, random: 0.9 }),
    ].map((pod) => pod?.ordinal),
    [0, 4, 2, undefined],
  );
});

test('inv 6: reap: a session past its lifetime, and one that was never connected', (t) => {
  const pool = drawPool('uuuu', { 'max-lifetime': '1h', 'connect-timeout': '1m' });
  pool.observePod({ ...drawPod(0, 'u', { claimedAt: 0 }), version: 2 });
  pool.observePod({ ...drawPod(1, 'u', { claimedAt: 59 * minute, connectedAt: undefined }), version: 2 });
  pool.observePod({ ...drawPod(2, 'u', { claimedAt: 59 * minute + 1, connectedAt: undefined }), version: 2 });
  pool.observePod({ ...drawPod(3, 'u', { claimedAt: 1 }), version: 2 });
  t.deepEqual(planPool(takeSnapshot(pool, 60 * minute)).reap, [
    { pod: pool.pod(0)!, reason: 'max-lifetime' },
    { pod: pool.pod(1)!, reason: 'never-connected' },
  ]);
});

test('inv 2: duplicates: keeps the connected terminal of a visitor, else the older one', (t) => {
  const cases: [older: boolean, younger: boolean, meant: number, goes: number[]][] = [
    [true, true, 0, [1]],
    [true, false, 0, [1]],
    // The older one is reaped when no client connects to it.
    [false, true, 1, []],
    [false, false, 0, []],
  ];
  for (const [older, younger, meant, goes] of cases) {
    const pool = drawPool('uu', { 'connect-timeout': '1h' });
    for (const [ordinal, connected] of [older, younger].entries()) {
      const claim = { visitor: 'v', claimedAt: ordinal, connectedAt: connected ? 10 + ordinal : undefined };
      pool.observePod({ ...drawPod(ordinal, 'u', claim), version: 2 });
    }
    t.is(pool.terminalOf('v')?.ordinal, meant, `${older} ${younger}`);
    const reaped = planPool(takeSnapshot(pool, minute)).reap.map(({ pod, reason }) => [pod.ordinal, reason]);
    t.deepEqual(
      reaped,
      goes.map((ordinal) => [ordinal, 'duplicate']),
      `${older} ${younger}`,
    );
  }
});

test('label: a pod that an administrator took out by its label is neither given out nor reaped', (t) => {
  const pool = drawPool('r', { 'max-lifetime': '1s' });
  pool.observePod({ ...drawPod(0, 'r'), version: 2, taken: true });
  t.is(pool.ready.take(), undefined);
  t.deepEqual(planPool(takeSnapshot(pool, 10 * minute)).reap, []);
});

test('pick: takes the lowest ready pod, and skips a reserved one', (t) => {
  const pool = drawPool('urtsr');
  t.is(pool.ready.take()?.ordinal, 1);
  t.is(pool.ready.take()?.ordinal, 4);
  t.is(pool.ready.take(), undefined);
  pool.ready.release(pool.pod(1)!);
  t.is(pool.ready.take()?.ordinal, 1);
});

test('pick: a pod is given out only once it has a Service', (t) => {
  const pool = drawPool('r', {}, 0);
  t.is(pool.ready.take(), undefined);
  pool.observeService(serviceOf(0));
  t.is(pool.ready.take()?.ordinal, 0);
});

test('pick: a pod is given out only once its node has an address', (t) => {
  let address: string | undefined;
  const pool = new Pool('p', { hostOf: () => address });
  pool.observeSpec({
    name: 'p',
    statefulSet: 'p',
    uid: 'p',
    version: 1,
    createdAt: 0,
    replicas: 1,
    revision: 'one',
    annotations: {},
  });
  pool.observeService(serviceOf(0));
  pool.observePod(drawPod(0, 'r'));
  t.is(pool.ready.take(), undefined);
  address = '192.0.2.1';
  pool.rebuildQueue();
  t.is(pool.ready.take()?.ordinal, 0);
});

test('pick: a pod above the replicas is not given out, because it is about to be deleted', (t) => {
  const pool = drawPool('rr');
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 1 });
  t.is(pool.ready.take()?.ordinal, 0);
  t.is(pool.ready.take(), undefined);
  pool.observeSpec({ ...pool.spec!, version: 3, replicas: 2 });
  t.is(pool.ready.take()?.ordinal, 1);
});

test('pool: ignores outdated events', (t) => {
  const pool = drawPool('r');
  pool.observePod({ ...drawPod(0, 'u'), version: 5 });
  pool.observePod({ ...drawPod(0, 'r'), version: 4 });
  t.is(pool.ready.take(), undefined);
  t.is(pool.terminalOf('v0')?.ordinal, 0);
});

test('inv 1: pool: a claimed pod keeps its visitor after its label is reset by hand', (t) => {
  const pool = drawPool('r');
  pool.observePod({ ...drawPod(0, 'u'), version: 2, taken: true });
  t.is(pool.ready.take(), undefined);
});

test('pool: of two pods of one visitor, the one claimed first counts', (t) => {
  const pool = drawPool('uu');
  pool.observePod({ ...drawPod(0, 'u', { visitor: 'v', claimedAt: 20 }), version: 2 });
  pool.observePod({ ...drawPod(1, 'u', { visitor: 'v', claimedAt: 10 }), version: 2 });
  t.is(pool.terminalOf('v')?.ordinal, 1);
});

test('leader: a manager that is not leader may create terminals, but not delete any', (t) => {
  const expose = { services: [3], routes: [2] };
  const plan: Plan = {
    scaleTo: 4,
    shrink: { to: 2 },
    replace: [drawPod(0, 'r')],
    expose,
    restore: [{ ...routeOf(1), asTemplate: false }],
    withdraw: { services: [serviceOf(5)], routes: [routeOf(5)] },
    retry: [drawPod(0, 's')],
    reap: [{ pod: drawPod(1, 'u'), reason: 'max-lifetime' }],
  };
  const nothing = { scaleTo: undefined, shrink: undefined, replace: [], restore: [], reap: [], retry: [] };
  const little = { ...nothing, expose, withdraw: { services: [], routes: [] } };
  t.deepEqual(withoutLead(plan), { ...little, scaleTo: 4 });
  t.deepEqual(withoutLead({ ...plan, scaleTo: undefined }), little);
});

const shrinking = test.macro<[{ pods: string; settings: Record<string, string>; waiting?: number; to?: number }]>({
  title: (_, { pods, settings, waiting = 0, to }) =>
    `pods "${pods}", ${JSON.stringify(settings)}, ${waiting} waiting, and quiet: ${to === undefined ? 'nothing is scaled away' : `shrink to ${to}`}`,
  exec(t, { pods, settings, waiting, to }) {
    t.deepEqual(
      planPool(takeSnapshot(drawPool(pods, settings), 0, waiting)).shrink,
      to === undefined ? undefined : { to },
    );
  },
});

test(shrinking, { pods: 'rrrr', settings: { spare: '1' }, to: 1 });
test(shrinking, { pods: 'rrrr', settings: { spare: '1', min: '3' }, to: 3 });
test(shrinking, { pods: 'urrr', settings: { spare: '1' }, to: 2 });
test(shrinking, { pods: 'rrru', settings: { spare: '1' } });
test(shrinking, { pods: 'urur', settings: { spare: '1' }, to: 3 });
test(shrinking, { pods: 'rrrr', settings: { spare: '1' }, waiting: 2, to: 3 });
test(shrinking, { pods: 'rrrr', settings: { spare: '4' } });
test(shrinking, { pods: 'rrrs', settings: { spare: '1' }, to: 1 });
test(shrinking, { pods: 'rrr.', settings: { spare: '1' }, to: 1 });
test(shrinking, { pods: 'rrrx', settings: { spare: '1' }, to: 1 });
test(shrinking, { pods: 'sssr', settings: { spare: '1' } });
test(shrinking, { pods: 'ssrr', settings: { spare: '1' }, to: 3 });
test(shrinking, { pods: 'uurr', settings: { spare: '2', max: '3' }, to: 3 });

test('inv 5: scale down: keeps the ordinal of a session that is ending', (t) => {
  const pool = drawPool('rrt', { spare: '1' });
  t.deepEqual(planPool(takeSnapshot(pool, 0)).shrink, { to: 1 });
  pool.observePod({ ...drawPod(2, 'u'), terminating: true, version: 2 });
  t.is(planPool(takeSnapshot(pool, 0)).shrink, undefined);
});

test('scale down: waits for the delay after the last higher need', (t) => {
  const pool = drawPool('uurr', { spare: '2', 'scale-down-delay': '1m' });
  evaluatePool(pool, 0);
  for (const ordinal of [0, 1]) pool.observePod({ ...drawPod(ordinal, 'r'), version: 2 });
  evaluatePool(pool, 1_000);
  t.is(planPool(takeSnapshot(pool, 59_999)).shrink, undefined);
  t.deepEqual(planPool(takeSnapshot(pool, minute)).shrink, { to: 2 });
});

test('scale down: does not wait after an administrator lowers max', (t) => {
  const pool = drawPool('uurr', { spare: '2', max: '4' });
  evaluatePool(pool, 0);
  const annotations = { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '3' };
  pool.observeSpec({ ...pool.spec!, version: 2, annotations });
  evaluatePool(pool, 1);
  t.deepEqual(planPool(takeSnapshot(pool, 1)).shrink, { to: 3 });
});

const replacing = test.macro<[{ pods: string; settings: Record<string, string>; waiting?: number; replace: number[] }]>(
  {
    title: (_, { pods, settings, waiting = 0, replace }) =>
      `pods "${pods}", ${JSON.stringify(settings)}, ${waiting} waiting: replaced are ${JSON.stringify(replace)}`,
    exec(t, { pods, settings, waiting, replace }) {
      const pool = drawPool(pods, settings);
      evaluatePool(pool, 0, waiting);
      t.deepEqual(
        planPool(takeSnapshot(pool, 0, waiting)).replace.map(({ ordinal }) => ordinal),
        replace,
      );
    },
  },
);

test(replacing, { pods: 'rrr', settings: { spare: '1' }, replace: [] });
test(replacing, { pods: 'oor', settings: { spare: '2' }, replace: [1] });
test(replacing, { pods: 'oos', settings: { spare: '2' }, replace: [] });
test(replacing, { pods: 'ooo', settings: { spare: '1' }, replace: [2] });
test(replacing, { pods: 'oot', settings: { spare: '1' }, replace: [] });
test(replacing, { pods: 'oor', settings: { spare: '2' }, waiting: 1, replace: [] });
test(replacing, { pods: 'o'.repeat(20), settings: { spare: '1', max: '20' }, replace: [19, 18] });
test(replacing, { pods: 'o'.repeat(20), settings: { spare: '19', max: '20' }, replace: [19] });
test(replacing, { pods: 'uoo', settings: { spare: '2', max: '3' }, replace: [2] });
test(replacing, { pods: 'uor', settings: { spare: '2', max: '3' }, replace: [1] });
test(replacing, { pods: 'uuo', settings: { spare: '2', max: '3' }, replace: [] });
test(replacing, { pods: 'bbo', settings: { spare: '3' }, replace: [0, 1] });
test(replacing, { pods: 'bbo', settings: { spare: '1' }, waiting: 1, replace: [] });
test(replacing, { pods: 'rx', settings: { spare: '2' }, replace: [1] });

test('roll-out: creates one extra terminal, and replaces an old one when that is ready', (t) => {
  const plan = (pods: string) => planPool(takeSnapshot(drawPool(pods, { spare: '2' }), 0));
  t.like(plan('oo'), { scaleTo: 3, replace: [] });
  t.like(plan('oos'), { scaleTo: undefined, replace: [] });
  t.is(plan('oor').replace[0]?.ordinal, 1);
  t.like(plan('otr'), { scaleTo: undefined, replace: [] });
  t.is(plan('orr').replace[0]?.ordinal, 0);
  t.deepEqual(plan('rrr'), { ...plan('rrr'), replace: [], shrink: { to: 2 } });
});

test('roll-out: stops and is reported when new terminals miss the deadline, until the template changes', (t) => {
  const pool = drawPool('ooooos', { spare: '1', max: '20' });
  evaluatePool(pool, 0);
  const ordinals = (now: number) => planPool(takeSnapshot(pool, now)).replace.map(({ ordinal }) => ordinal);
  const reasons = (now: number) => noticesOf(takeSnapshot(pool, now)).map(({ reason }) => reason);
  t.deepEqual(reasons(2 * minute - 1), []);
  t.deepEqual(reasons(2 * minute), ['RolloutStopped']);
  t.regex(
    noticesOf(takeSnapshot(pool, 2 * minute))[0]!.message,
    /p-5 is not ready after 120 s\. .* former template: 5/,
  );
  t.deepEqual(ordinals(2 * minute), []);
  pool.observeSpec({ ...pool.spec!, version: 2, revision: 'mended' });
  t.deepEqual(reasons(2 * minute), []);
  t.deepEqual(ordinals(2 * minute), [5]);
});

test('roll-out: replaces no pod while the current revision is unknown', (t) => {
  const pool = drawPool('oob', { spare: '1' });
  pool.observeSpec({ ...pool.spec!, version: 2, revision: undefined });
  t.deepEqual(planPool(takeSnapshot(pool, 0)).replace, []);
});

test('inv 5: scale up: restores replicas below terminals in use at once, and reports which survived', (t) => {
  const pool = drawPool('ruuu', { spare: '1' });
  const reasons = (now: number) =>
    noticesOf(takeSnapshot(pool, now)).map(({ reason, message }) => [reason, message.split('. ')[0]]);
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 1 });
  evaluatePool(pool, 0);
  t.is(planPool(takeSnapshot(pool, 0)).scaleTo, 4);
  t.deepEqual(reasons(4_999), []);
  pool.observePod({ ...drawPod(3, 'u'), version: 2, terminating: true });
  evaluatePool(pool, 5_000);
  t.is(planPool(takeSnapshot(pool, 5_000)).scaleTo, 3);
  t.deepEqual(reasons(5_000), [
    ['ReplicasPutBack', 'Scaled to 1: p-1 and p-2 are in use, so the manager scales the pool up again'],
    ['SessionsEnded', 'Scaled to 1: p-3 was in use, and deleted by the StatefulSet controller'],
  ]);
  pool.observePodGone(1, 'uid-1');
  t.is(reasons(5_000).length, 2, 'who leaves later changes nothing of it');
  evaluatePool(pool, 10 * minute);
  t.deepEqual(reasons(10 * minute), []);
});

test('scale up: a manager that starts restores replicas below terminals in use', (t) => {
  const pool = drawPool('ru', { spare: '1' });
  pool.observePod({ ...drawPod(4, 'u'), version: 2 });
  evaluatePool(pool, 0);
  t.is(planPool(takeSnapshot(pool, 0)).scaleTo, 5);
  t.is(planPool(takeSnapshot(pool, 0)).shrink, undefined);
});

/** A pool whose pod of each ordinal is on a node in the state given for it. */
function onNodes(pods: string, states: NodeState[], settings: Record<string, string> = {}): Pool {
  const drawn = drawPool(pods, settings);
  const nodeStateOf = ({ ordinal }: ObservedPod) => states[ordinal] ?? 'ready';
  const pool = new Pool('p', { hostOf: () => '192.0.2.1', nodeStateOf });
  pool.observeSpec(drawn.spec);
  for (const service of drawn.services()) pool.observeService(service);
  for (const pod of drawn.pods()) pool.observePod(pod);
  return pool;
}

test('nodes: a pod on a cordoned, NotReady, lost or deleted node is not given out, and is replaced elsewhere', (t) => {
  for (const state of ['cordoned', 'not-ready', 'lost', 'deleted', 'gone'] as const) {
    const pool = onNodes('rrs', [state, 'ready', state], { spare: '2' });
    t.is(pool.ready.take()?.ordinal, 1);
    t.is(pool.ready.take(), undefined);
    t.like(planPool(takeSnapshot(pool, 0)), { scaleTo: 4, replace: [] });
  }
});

test('nodes: a pod on an unreported node is not given out, and counts until the node is known to be deleted', (t) => {
  const pool = onNodes('rr', ['unseen', 'ready'], { spare: '2' });
  t.deepEqual([pool.ready.take()?.ordinal, pool.ready.take()], [1, undefined]);
  t.is(planPool(takeSnapshot(pool, 0)).scaleTo, undefined);
  t.false(pool.isLost(pool.pod(0)!));
});

test('nodes: a terminating pod is expected elsewhere from a cordoned node, and stays on a dead one', (t) => {
  t.is(planPool(takeSnapshot(onNodes('t', ['cordoned'], { spare: '1' }), 0)).scaleTo, undefined);
  for (const state of ['not-ready', 'lost'] as const) {
    t.is(planPool(takeSnapshot(onNodes('t', [state], { spare: '1' }), 0)).scaleTo, 2);
  }
});

test('orphans: pods of a deleted node are deleted at once, sessions after the grace period', (t) => {
  const reaped = (state: NodeState) => {
    const pool = onNodes('rstur', [state, state, state, state, 'ready'], { 'connect-timeout': '1h' });
    pool.observePod({ ...drawPod(3, 'u', { visitor: 'v', claimedAt: 0 }), version: 2 });
    return planPool(takeSnapshot(pool, 0)).reap.map(({ pod, reason }) => `${pod.ordinal} ${reason}`);
  };
  const atOnce = ['0 node-deleted', '1 node-deleted', '2 node-deleted'];
  t.deepEqual(reaped('deleted'), atOnce);
  t.deepEqual(reaped('gone'), [...atOnce, '3 node-deleted']);
});

const ended = (ordinal: number, letter: Letter, phase: ObservedPod['ended'] = 'Failed'): ObservedPod => ({
  ...drawPod(ordinal, letter),
  ready: false,
  version: 2,
  ...(phase && { ended: phase }),
});

test('ended pod: reaped at once, with or without a claim, and neither counted nor given out', (t) => {
  for (const phase of ['Failed', 'Succeeded'] as const) {
    const pool = drawPool('ursox', { spare: '1', 'connect-timeout': '1h' });
    for (const [ordinal, letter] of ([...'ursox'] as Letter[]).entries())
      pool.observePod(ended(ordinal, letter, phase));
    t.deepEqual(
      planPool(takeSnapshot(pool, 0)).reap.map(({ pod, reason }) => `${pod.ordinal} ${reason}`),
      [0, 1, 2, 3, 4].map((ordinal) => `${ordinal} pod-ended`),
    );
    t.like(planPool(takeSnapshot(pool, 0)), { replace: [], retry: [], scaleTo: undefined });
    t.is(pool.ready.take(), undefined);
    t.is(pool.terminalOf('v0'), undefined);
    t.like(takeSnapshot(pool, 0).counts, { ready: 0, inUse: 0, recreating: 5 });
    t.deepEqual(noticesOf(takeSnapshot(pool, 60 * minute)), [], 'an old pod that ends does not stop a roll-out');
  }
});

test('ended pod: not reaped again while terminating, and reaped as an orphan on a deleted node', (t) => {
  const pool = onNodes('uu', ['ready', 'deleted']);
  pool.observePod({ ...ended(0, 'u'), terminating: true });
  pool.observePod(ended(1, 'u'));
  t.deepEqual(
    planPool(takeSnapshot(pool, 0)).reap.map(({ pod, reason }) => `${pod.ordinal} ${reason}`),
    ['1 node-deleted'],
  );
});

test('held pod: removed when its node has not cleaned up within a minute', (t) => {
  const pool = drawPool('tt', {});
  pool.observePod({ ...drawPod(0, 't'), version: 2, heldSince: 1_000 });
  t.deepEqual(planPool(takeSnapshot(pool, 1_000 + minute - 1)).reap, []);
  t.deepEqual(planPool(takeSnapshot(pool, 1_000 + minute)).reap, [{ pod: pool.pod(0)!, reason: 'not-removed' }]);
});

test('orphans: deleted at once if the visitor waits or has another terminal', (t) => {
  const alone = onNodes('u', ['deleted'], { max: '1', 'connect-timeout': '1h' });
  alone.observePod({ ...drawPod(0, 'u', { visitor: 'v', claimedAt: 0 }), version: 2 });
  t.true(alone.isLost(alone.pod(0)!));
  t.deepEqual(planPool(takeSnapshot(alone, 0)).reap, []);
  alone.queue.enter('v', 0);
  t.deepEqual(planPool(takeSnapshot(alone, 0)).reap, [{ pod: alone.pod(0)!, reason: 'node-deleted' }]);

  const pool = onNodes('uu', ['deleted', 'ready'], { 'connect-timeout': '1h' });
  pool.observePod({ ...drawPod(0, 'u', { visitor: 'v', claimedAt: 0 }), version: 2 });
  pool.observePod({ ...drawPod(1, 'u', { visitor: 'v', claimedAt: 1 }), version: 2 });
  t.is(pool.terminalOf('v')?.ordinal, 1);
  t.deepEqual(planPool(takeSnapshot(pool, 2)).reap, [{ pod: pool.pod(0)!, reason: 'node-deleted' }]);
});

test('lost node: a session belongs to its visitor until the visitor has another terminal, then it is deleted', (t) => {
  t.false(onNodes('u', ['not-ready']).isLost(drawPod(0, 'u')));
  const pool = onNodes('uu', ['lost', 'ready'], { 'connect-timeout': '1h' });
  pool.observePod({ ...drawPod(0, 'u', { visitor: 'v', claimedAt: 0 }), version: 2 });
  t.true(pool.isLost(pool.pod(0)!));
  t.deepEqual(planPool(takeSnapshot(pool, minute)).reap, []);
  t.is(pool.terminalOf('v')?.ordinal, 0, 'it is all that the visitor has');
  pool.observePod({ ...drawPod(1, 'u', { visitor: 'v', claimedAt: 20_000 }), version: 2 });
  t.is(pool.terminalOf('v')?.ordinal, 1);
  t.deepEqual(planPool(takeSnapshot(pool, minute)).reap, [{ pod: pool.pod(0)!, reason: 'node-lost' }]);
});

const windowAt = (from: number, to: number, ready = 40) =>
  JSON.stringify([
    {
      name: 'course',
      from: new Date(from).toISOString().slice(0, 19).concat('Z'),
      to: new Date(to).toISOString().slice(0, 19).concat('Z'),
      ready,
    },
  ]);

test('windows: terminals that are ready early for a window are kept', (t) => {
  const settings = { spare: '1', max: '50', 'scale-down-delay': '1s', prewarm: windowAt(3 * minute, 6 * minute) };
  const pool = drawPool('r', settings);
  t.is(planPool(takeSnapshot(pool, 2 * minute)).scaleTo, 40);
  pool.observeSpec({ ...pool.spec!, replicas: 40, version: 2 });
  for (let ordinal = 1; ordinal < 40; ordinal++) {
    const times = { createdAt: 2 * minute, readyChangedAt: 2 * minute + 3_000 };
    pool.observePod({ ...drawPod(ordinal, 'r'), ...times });
  }
  for (let now = 2 * minute + 3_000; now < 3 * minute; now += 1_000) {
    evaluatePool(pool, now);
    t.like(planPool(takeSnapshot(pool, now)), { scaleTo: undefined, shrink: undefined }, `${now}`);
  }
  t.true(pool.starts.readyWithinMs(40) < 10_000, 'it could have been later');
});

test('windows: creates terminals before the window, keeps its seats, and releases them afterwards', (t) => {
  const settings = { spare: '1', max: '50', 'scale-down-delay': '1m', prewarm: windowAt(3 * minute, 6 * minute) };
  const pool = drawPool('r', settings);
  const look = (now: number) => {
    evaluatePool(pool, now);
    return planPool(takeSnapshot(pool, now));
  };
  // The terminals of a drawn pool start at once, so the lead time is (1 s + 39 s) * 1.5.
  t.like(look(2 * minute - 100), { scaleTo: undefined, shrink: undefined });
  t.is(look(2 * minute).scaleTo, 40);

  const full = drawPool('r'.repeat(40), settings);
  const again = (now: number) => {
    evaluatePool(full, now);
    return planPool(takeSnapshot(full, now));
  };
  t.like(again(3 * minute), { scaleTo: undefined, shrink: undefined });
  for (let ordinal = 0; ordinal < 40; ordinal++) {
    full.observePod({ ...drawPod(ordinal, 'u', { claimedAt: 3 * minute + ordinal }), version: 2 });
    t.is(again(3 * minute + ordinal).scaleTo, ordinal < 39 ? undefined : 41, 'the spare, once all seats are taken');
  }
  // Ten visitors leave early: their seats are kept.
  for (let ordinal = 30; ordinal < 40; ordinal++) full.observePod({ ...drawPod(ordinal, 'r'), version: 3 });
  t.like(again(6 * minute - 1), { scaleTo: undefined, shrink: undefined });
  t.like(again(7 * minute - 2), { shrink: undefined });
  t.deepEqual(again(7 * minute).shrink, { to: 31 });
});

test('windows: never exceeds max, and never keeps fewer than spare', (t) => {
  const window = windowAt(0, minute);
  t.is(planPool(takeSnapshot(drawPool('r', { spare: '1', max: '30', prewarm: window }), 0)).scaleTo, 30);
  t.is(planPool(takeSnapshot(drawPool('uuu', { spare: '1', max: '30', prewarm: window }), 0)).scaleTo, 30);
  t.is(planPool(takeSnapshot(drawPool('r', { spare: '45', max: '50', prewarm: window }), 0)).scaleTo, 45);
});

test('windows: counts only visitors who came since the window opened', (t) => {
  const settings = { spare: '1', max: '50', prewarm: windowAt(minute, 2 * minute, 5) };
  const early = drawPool('uu', settings);
  t.is(planPool(takeSnapshot(early, minute)).scaleTo, 7);
  for (const ordinal of [0, 1]) early.observePod({ ...drawPod(ordinal, 'u', { claimedAt: minute }), version: 2 });
  t.is(planPool(takeSnapshot(early, minute)).scaleTo, 5);
});
