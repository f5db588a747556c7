import test from 'ava';
import type { ObservedPod } from '../../../manager/pool/observation.ts';
import { planPool, podsToHopeFor, withoutLead } from '../../../manager/pool/plan.ts';
import { Pool } from '../../../manager/pool/pool.ts';

type Letter = 'r' | 'u' | 's' | '.' | 't';

const minute = 60_000;

/** A pool drawn as a string: `r` ready, `u` in use, `s` starting, `.` no pod yet, `t` terminating; exposed throughout. */
function drawPool(pods: string, settings: Record<string, string> = {}, exposed = pods.length): Pool {
  const pool = new Pool('p');
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  pool.observeSpec({ name: 'p', statefulSet: 'p', uid: 'p', version: 1, replicas: pods.length, annotations });
  for (const [ordinal, letter] of ([...pods] as Letter[]).entries()) {
    if (letter !== '.') pool.observePod(drawPod(ordinal, letter));
    if (ordinal < exposed)
      pool.observeService({ name: `p-${ordinal}`, pool: 'p', ordinal, nodePort: 30_000 + ordinal });
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
  ready: letter !== 's',
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
  t.deepEqual(planPool(drawPool('uuu', { spare: '2' }, 1), 0).expose, [1, 2, 3, 4]);
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
  pool.observeService({ name: 'p-0', pool: 'p', ordinal: 0, nodePort: 30_000 });
  t.is(pool.take()?.ordinal, 0);
});

test('a pod on a node without an address is not handed out, and is as soon as it has one', (t) => {
  let address = false;
  const pool = new Pool('p', () => address);
  pool.observeSpec({ name: 'p', statefulSet: 'p', uid: 'p', version: 1, replicas: 1, annotations: {} });
  pool.observeService({ name: 'p-0', pool: 'p', ordinal: 0, nodePort: 30_000 });
  pool.observePod(drawPod(0, 'r'));
  t.is(pool.take(), undefined);
  address = true;
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
  const reap = [{ name: 'p-1', uid: 'uid-1', reason: 'max-lifetime' as const }];
  const plan = { scaleTo: 4, expose: [3], reap };
  t.deepEqual(withoutLead(plan, pool), { scaleTo: 4, expose: [3], reap: [] });
  t.deepEqual(withoutLead({ ...plan, scaleTo: 2 }, pool), { scaleTo: undefined, expose: [3], reap: [] });
  t.deepEqual(withoutLead({ ...plan, scaleTo: undefined }, pool), { scaleTo: undefined, expose: [3], reap: [] });
});
