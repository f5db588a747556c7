import test from 'ava';
import type { ObservedPod, ObservedRoute, ObservedService } from '../../../manager/pool/observation.ts';
import { type Plan, planPool, podsToHopeFor, withoutLead } from '../../../manager/pool/plan.ts';
import { type ExposureMode, Pool } from '../../../manager/pool/pool.ts';

type Letter = 'r' | 'u' | 's' | '.' | 't';

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

/** A pool drawn as a string: `r` ready, `u` in use, `s` starting, `.` no pod yet, `t` terminating; exposed throughout. */
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
  createdAt: 0,
  ready: letter !== 's',
  readyChangedAt: undefined,
  trouble: undefined,
  terminating: letter === 't',
  taken: letter === 'u',
  claim: letter === 'u' ? { id: 'c', visitor: `v${ordinal}`, claimedAt: 0, connectedAt: 1, ...claim } : undefined,
  annotated: true,
});

const scaling = test.macro<
  [{ pods: string; settings: Record<string, string>; waiting?: number; scaleTo: number | undefined }]
>({
  title: (_, { pods, settings, waiting = 0, scaleTo }) =>
    `pods "${pods}", ${JSON.stringify(settings)}, ${waiting} waiting: ${scaleTo === undefined ? 'as it is' : `scale to ${scaleTo}`}`,
  exec(t, { pods, settings, waiting, scaleTo }) {
    t.is(planPool(drawPool(pods, settings), 0, waiting).scaleTo, scaleTo);
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

test('Services are planned ahead of the pods that are to come, lowest first', (t) => {
  t.deepEqual(planPool(drawPool('uuu', { spare: '2' }, 1), 0).expose, { services: [1, 2, 3, 4], routes: [] });
});

test('with routes, each ordinal gets a Service and a route ahead of need', (t) => {
  const pool = drawPool('uuu', { spare: '2' }, 1, 'ingress');
  t.deepEqual(planPool(pool, 0).expose, { services: [1, 2, 3, 4], routes: [1, 2, 3, 4] });
  pool.observeService({ ...serviceOf(1), nodePort: undefined });
  pool.observeRoute(routeOf(2));
  t.deepEqual(planPool(pool, 0).expose, { services: [2, 3, 4], routes: [1, 3, 4] });
  pool.observeRouteGone(0);
  t.deepEqual(planPool(pool, 0).expose.routes, [0, 1, 3, 4]);
});

test('a Service without a node port, made while there were routes, is planned again', (t) => {
  const pool = drawPool('r');
  pool.observeService({ ...serviceOf(0), nodePort: undefined });
  t.deepEqual(planPool(pool, 0).expose.services, [0]);
  t.is(pool.take(), undefined);
});

test('a pod without a route, or whose route has no host, is not handed out, and is as soon as it has one', (t) => {
  const pool = drawPool('r', {}, 0, 'ingress');
  pool.observeService({ ...serviceOf(0), nodePort: undefined });
  t.is(pool.take(), undefined);
  pool.observeRoute({ ...routeOf(0), address: undefined, asTemplate: false });
  t.is(pool.take(), undefined);
  pool.observeRoute(routeOf(0));
  t.is(pool.take()?.ordinal, 0);
  pool.observeServiceGone(0);
  t.is(pool.address(pool.pod(0)!), undefined);
});

test('inv 5: what exposes an ordinal is withdrawn when it is above the replicas, and never while its pod is there', (t) => {
  const pool = drawPool('urut', { spare: '1' }, 4, 'ingress');
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 2 });
  t.deepEqual(planPool(pool, 0).withdraw, { services: [], routes: [] });
  pool.observePodGone(3, 'uid-3');
  t.deepEqual(planPool(pool, 0).withdraw, { services: [serviceOf(3)], routes: [routeOf(3)] });
  pool.observePodGone(2, 'uid-2');
  t.deepEqual(
    planPool(pool, 0).withdraw.routes.map(({ ordinal }) => ordinal),
    [2, 3],
  );
});

test('what exposes an ordinal is kept while the plan needs it again', (t) => {
  const pool = drawPool('uuu', { spare: '1' });
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 2 });
  pool.observePodGone(2, 'uid-2');
  const { scaleTo, withdraw } = planPool(pool, 0);
  t.is(scaleTo, 3);
  t.deepEqual(withdraw, { services: [], routes: [] });
});

test('a route that somebody has changed is restored', (t) => {
  const pool = drawPool('rr', {}, 2, 'ingress');
  const changed = { ...routeOf(1), asTemplate: false };
  pool.observeRoute(changed);
  t.deepEqual(planPool(pool, 0).restore, [changed]);
  // Until then it is where it is.
  t.is(pool.take()?.ordinal, 0);
  t.is(pool.take()?.ordinal, 1);
});

test('inv 6: a session past its lifetime is reaped, and one that nobody ever connected to', (t) => {
  const pool = drawPool('uuuu', { 'max-lifetime': '1h', 'connect-timeout': '1m' });
  pool.observePod({ ...drawPod(0, 'u', { claimedAt: 0 }), version: 2 });
  pool.observePod({ ...drawPod(1, 'u', { claimedAt: 59 * minute, connectedAt: undefined }), version: 2 });
  pool.observePod({ ...drawPod(2, 'u', { claimedAt: 59 * minute + 1, connectedAt: undefined }), version: 2 });
  pool.observePod({ ...drawPod(3, 'u', { claimedAt: 1 }), version: 2 });
  t.deepEqual(planPool(pool, 60 * minute).reap, [
    { name: 'p-0', uid: 'uid-0', reason: 'max-lifetime' },
    { name: 'p-1', uid: 'uid-1', reason: 'never-connected' },
  ]);
});

test('a pod that an administrator took out by its label is neither handed out nor reaped', (t) => {
  const pool = drawPool('r', { 'max-lifetime': '1s' });
  pool.observePod({ ...drawPod(0, 'r'), version: 2, taken: true });
  t.is(pool.take(), undefined);
  t.deepEqual(planPool(pool, 10 * minute).reap, []);
});

for (const [pods, max, hope] of [
  ['uuu', '3', 0],
  ['uur', '3', 1],
  ['uus', '3', 1],
  ['uut', '3', 1],
  ['uuu', '5', 2],
] as const) {
  test(`pods "${pods}" with max ${max}: ${hope} can still be hoped for`, (t) => {
    t.is(podsToHopeFor(drawPool(pods, { max, spare: '0' })), hope);
  });
}

test('the lowest ready pod is taken first, and a reserved one not again', (t) => {
  const pool = drawPool('urtsr');
  t.is(pool.take()?.ordinal, 1);
  t.is(pool.take()?.ordinal, 4);
  t.is(pool.take(), undefined);
  pool.release(pool.pod(1)!);
  t.is(pool.take()?.ordinal, 1);
});

test('a pod without a Service is not handed out, and is as soon as it has one', (t) => {
  const pool = drawPool('r', {}, 0);
  t.is(pool.take(), undefined);
  pool.observeService(serviceOf(0));
  t.is(pool.take()?.ordinal, 0);
});

test('a pod on a node without an address is not handed out, and is as soon as it has one', (t) => {
  let address: string | undefined;
  const pool = new Pool('p', { hostOf: () => address });
  pool.observeSpec({ name: 'p', statefulSet: 'p', uid: 'p', version: 1, createdAt: 0, replicas: 1, annotations: {} });
  pool.observeService(serviceOf(0));
  pool.observePod(drawPod(0, 'r'));
  t.is(pool.take(), undefined);
  address = '192.0.2.1';
  pool.rebuildQueue();
  t.is(pool.take()?.ordinal, 0);
});

test('a pod above the replicas is about to go, and is not handed out', (t) => {
  const pool = drawPool('rr');
  pool.observeSpec({ ...pool.spec!, version: 2, replicas: 1 });
  t.is(pool.take()?.ordinal, 0);
  t.is(pool.take(), undefined);
  pool.observeSpec({ ...pool.spec!, version: 3, replicas: 2 });
  t.is(pool.take()?.ordinal, 1);
});

test('news that are older than what is known change nothing', (t) => {
  const pool = drawPool('r');
  pool.observePod({ ...drawPod(0, 'u'), version: 5 });
  pool.observePod({ ...drawPod(0, 'r'), version: 4 });
  t.is(pool.take(), undefined);
  t.is(pool.terminalOf('v0')?.ordinal, 0);
});

test('a claimed pod whose label was put back by hand is still its visitor’s (inv 1)', (t) => {
  const pool = drawPool('r');
  pool.observePod({ ...drawPod(0, 'u'), version: 2, taken: true });
  t.is(pool.take(), undefined);
});

test('of two pods of one visitor, the one claimed first counts', (t) => {
  const pool = drawPool('uu');
  pool.observePod({ ...drawPod(0, 'u', { visitor: 'v', claimedAt: 20 }), version: 2 });
  pool.observePod({ ...drawPod(1, 'u', { visitor: 'v', claimedAt: 10 }), version: 2 });
  t.is(pool.terminalOf('v')?.ordinal, 1);
});

test('whoever does not lead may make terminals, and end none', (t) => {
  const pool = drawPool('ruu');
  const expose = { services: [3], routes: [2] };
  const plan: Plan = {
    scaleTo: 4,
    expose,
    restore: [{ ...routeOf(1), asTemplate: false }],
    withdraw: { services: [serviceOf(5)], routes: [routeOf(5)] },
    retry: [drawPod(0, 's')],
    reap: [{ name: 'p-1', uid: 'uid-1', reason: 'max-lifetime' }],
  };
  const little = {
    scaleTo: undefined,
    expose,
    restore: [],
    withdraw: { services: [], routes: [] },
    reap: [],
    retry: [],
  };
  t.deepEqual(withoutLead(plan, pool), { ...little, scaleTo: 4 });
  t.deepEqual(withoutLead({ ...plan, scaleTo: 2 }, pool), little);
  t.deepEqual(withoutLead({ ...plan, scaleTo: undefined }, pool), little);
});
