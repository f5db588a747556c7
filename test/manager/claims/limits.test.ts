// Limits for each visitor and each address, with the claims of real managers on a model cluster.

import { setMaxListeners } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { isAbort, ServiceError } from '../../../common/errors.ts';
import type { Origin } from '../../../manager/claims/limits.ts';
import { settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const unlimited = { 'max-per-address': 'none', 'claims-per-minute': 'none', 'max-waiting-per-address': 'none' };
const office = 'hash-of-the-office';

async function start(t: ExecutionContext, settings: Record<string, string>, { managers = 1 } = {}) {
  const time = { now: 1_000_000 };
  const all = { spare: '4', max: '20', 'connect-timeout': '1h', ...settings };
  const annotations = Object.fromEntries(Object.entries(all).map(([key, value]) => [`warmterm.dev/${key}`, value]));
  const model = new ModelCluster({ annotations, clock: () => time.now });
  const startOne = () => {
    const manager = startManager(model, { clock: () => time.now });
    t.teardown(manager.stop);
    return manager;
  };
  const started = Array.from({ length: managers }, startOne);
  await settle(model, ...started);
  return { model, time, manager: started[0]!, managers: started, startOne };
}

const claim = (manager: TestManager, visitor: string, origin: Origin = {}) =>
  manager.claim(visitor, { origin: { address: office, ...origin } });

/** The result of a claim: the pod's name, or the error's code and its Retry-After. */
const outcome = (claimed: Promise<{ pod: { name: string } }>) =>
  claimed.then(
    ({ pod }) => pod.name,
    (error) => (error instanceof ServiceError ? `${error.code} ${error.retryAfter}` : String(error)),
  );

test('limits: five terminals per address by default', async (t) => {
  const { manager } = await start(t, { spare: '20' });
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => outcome(claim(manager, `v${index}`))));
  t.is(outcomes.filter((one) => one === 'too-many-requests 15').length, 195);
  t.regex(await outcome(claim(manager, 'other', { address: 'another' })), /^default-/);
});

test('limits: forty visitors of one address without limits', async (t) => {
  const { manager } = await start(t, { spare: '40', max: '40', ...unlimited });
  const claims = Array.from({ length: 40 }, (_, index) =>
    claim(manager, `visitor-${index}`, { challenge: 'unsolved' }),
  );
  t.is(new Set((await Promise.all(claims)).map(({ pod }) => pod.uid)).size, 40);
});

test('limits: max-per-address holds for simultaneous claims', async (t) => {
  const { manager } = await start(t, { 'max-per-address': '3' });
  const outcomes = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((visitor) => outcome(claim(manager, visitor))));
  t.deepEqual(outcomes.slice(3), ['too-many-requests 15', 'too-many-requests 15']);
  t.is(new Set(outcomes.slice(0, 3)).size, 3);
  const refused = await t.throwsAsync(claim(manager, 'f'), {
    message: 'Your network has 3 terminals, and the limit is 3. Try again when one of them has ended.',
  });
  t.deepEqual((refused as ServiceError).limit, { of: 'address', most: 3 });
});

test('limits: max-per-address counts visitors who wait', async (t) => {
  const { model, manager } = await start(t, { spare: '0', max: '3', 'max-per-address': '2' });
  const waiting = ['a', 'b'].map((visitor) => claim(manager, visitor));
  t.is(await outcome(claim(manager, 'c')), 'too-many-requests 15');
  await settle(model, manager);
  t.is(new Set((await Promise.all(waiting)).map(({ pod }) => pod.uid)).size, 2);
});

test('limits: five queue positions per address, also without other limits', async (t) => {
  const settings = { spare: '0', max: '1', 'max-per-address': 'none', 'claims-per-minute': 'none' };
  const { model, manager } = await start(t, settings);
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const wait = (visitor: string, address = office) =>
    manager.claim(visitor, { clientGone: over.signal, origin: { address } }).then(
      ({ status }) => status,
      (error) => (isAbort(error) ? 'waited' : (error as ServiceError).limit),
    );
  const first = wait('first');
  await settle(model, manager);
  t.is(await first, 'new');
  const crowd = Array.from({ length: 200 }, (_, index) => wait(`visitor-${index}`));
  const another = wait('another', 'hash-of-another');
  await settle(model, manager);
  t.is(manager.claims.waiting(manager.pools.get('default')!), 6);
  over.abort();
  const ends = await Promise.all(crowd);
  t.is(ends.filter((end) => end === 'waited').length, 5);
  t.deepEqual(
    ends.find((end) => end !== 'waited'),
    { of: 'address-line', most: 5 },
  );
  t.is(await another, 'waited');
});

test('limits: a visitor who disconnects in the queue frees the address', async (t) => {
  const { model, time, manager } = await start(t, { spare: '0', max: '3', 'max-per-address': '1' });
  const disconnect = new AbortController();
  const left = manager.claim('a', { clientGone: disconnect.signal, origin: { address: office } });
  t.is(await outcome(claim(manager, 'b')), 'too-many-requests 15');
  disconnect.abort();
  t.true(await left.then(() => false, isAbort));
  // The disconnection may be a reload.
  time.now += 2_000;
  const claimed = claim(manager, 'b');
  await settle(model, manager);
  t.is((await claimed).status, 'new');
});

test('inv 3: limits: visitors in the queue count at every manager and after a restart', async (t) => {
  const { model, managers, startOne } = await start(
    t,
    { spare: '0', max: '0', 'max-per-address': '2' },
    { managers: 2 },
  );
  model.setPool({ annotations: { ...model.pool.annotations, 'warmterm.dev/max': '1' } });
  await settle(model, ...managers);
  const first = claim(managers[0]!, 'a');
  await settle(model, ...managers);
  t.is((await first).status, 'new');
  await settle(model, ...managers);
  const disconnect = new AbortController();
  const waits = managers[0]!.claim('b', { clientGone: disconnect.signal, origin: { address: office } });
  await settle(model, ...managers);
  t.is(await outcome(claim(managers[1]!, 'c')), 'too-many-requests 15');
  t.is(await outcome(claim(startOne(), 'c')), 'too-many-requests 15');
  disconnect.abort();
  await t.throwsAsync(waits, { any: true, name: 'AbortError' });
});

test('inv 2: limits: a returning visitor is never refused or challenged', async (t) => {
  const limits = { 'max-per-address': '1', 'claims-per-minute': '1', 'challenge-from': '1', 'max-per-visitor': '1' };
  const { manager } = await start(t, limits);
  const { pod } = await claim(manager, 'ann', { challenge: 'unsolved' });
  for (let time = 0; time < 3; time++) {
    const again = await claim(manager, 'ann', { challenge: 'unsolved' });
    t.deepEqual([again.pod.uid, again.status], [pod.uid, 'reconnected']);
  }
});

test('limits: none for a visitor whose node was lost', async (t) => {
  const limits = { 'max-per-address': '1', 'claims-per-minute': '1', 'challenge-from': '1' };
  const { model, time, manager } = await start(t, limits);
  const { pod } = await claim(manager, 'ann');
  model.setNode(pod.node!, { ready: false });
  await settle(model, manager);
  time.now += 20_000;
  manager.pools.get('default')!.changed();
  await settle(model, manager);
  const { pod: other, status } = await claim(manager, 'ann', { challenge: 'unsolved' });
  t.is(status, 'new');
  t.not(other.node, pod.node);
});

test('limits: none for other addresses and for visitors without an address', async (t) => {
  const { manager } = await start(t, { 'max-per-address': '1', 'claims-per-minute': '1', 'challenge-from': '1' });
  await claim(manager, 'ann');
  t.is((await claim(manager, 'bob', { address: 'hash-of-another' })).status, 'new');
  t.is((await claim(manager, 'eve', { address: undefined, challenge: 'unsolved' })).status, 'new');
});

test('limits: an ended terminal frees the address at once', async (t) => {
  const { manager } = await start(t, { 'max-per-address': '1' });
  await claim(manager, 'ann');
  t.is(await outcome(claim(manager, 'bob')), 'too-many-requests 15');
  await manager.claims.end('ann');
  t.is((await claim(manager, 'bob')).status, 'new');
});

test('inv 3: limits: every manager counts the same terminals, also after a restart', async (t) => {
  const { model, manager, managers, startOne } = await start(t, { 'max-per-address': '2' }, { managers: 2 });
  await claim(manager, 'a');
  await claim(manager, 'b');
  await settle(model, ...managers);
  t.is(await outcome(claim(managers[1]!, 'c')), 'too-many-requests 15');
  await Promise.all(managers.map(({ stop }) => stop()));
  t.is(await outcome(claim(startOne(), 'c')), 'too-many-requests 15');
});

test('limits: claims-per-minute, with the time of the next claim in the answer', async (t) => {
  const { model, time, manager } = await start(t, { 'claims-per-minute': '2' });
  await claim(manager, 'a');
  time.now += 20_000;
  await claim(manager, 'b');
  time.now += 10_500;
  // The first claim has to be a minute old: ended terminals count as well.
  await manager.claims.end('a');
  await settle(model, manager);
  t.is(await outcome(claim(manager, 'c')), 'too-many-requests 30');
  time.now += 29_499;
  t.is(await outcome(claim(manager, 'c')), 'too-many-requests 1');
  time.now += 1;
  t.is((await claim(manager, 'c')).status, 'new');
  t.is(await outcome(claim(manager, 'd')), 'too-many-requests 20');
});

test('limits: claims-per-minute counts existing terminals after a restart', async (t) => {
  const { model, time, manager, startOne } = await start(t, { 'claims-per-minute': '2' });
  await claim(manager, 'a');
  await claim(manager, 'b');
  await manager.stop();
  const next = startOne();
  t.is(await outcome(claim(next, 'c')), 'too-many-requests 60');
  await next.claims.end('a');
  await settle(model, next);
  await next.stop();
  // It does not know the deleted terminals, and must not guess.
  const third = startOne();
  t.is((await claim(third, 'c')).status, 'new');
  time.now += 1_000;
  t.is(await outcome(claim(third, 'd')), 'too-many-requests 59');
});

test('limits: claims under way count', async (t) => {
  const { manager } = await start(t, { 'claims-per-minute': '2' });
  const outcomes = await Promise.all(['a', 'b', 'c'].map((visitor) => outcome(claim(manager, visitor))));
  t.is(outcomes[2], 'too-many-requests 60');
});

test('limits: a refused restart keeps the terminal', async (t) => {
  const { model, manager } = await start(t, { 'claims-per-minute': '2' });
  await claim(manager, 'ann');
  await manager.restart('ann', { origin: { address: office } });
  const before = manager.claims.find('ann');
  await t.throwsAsync(manager.restart('ann', { origin: { address: office } }), {
    code: 'too-many-requests',
  });
  await settle(model, manager);
  t.is(manager.claims.find('ann')?.uid, before?.uid);
});

test('limits: a restart does not count the terminal that it ends', async (t) => {
  const { manager } = await start(t, { 'max-per-address': '1', 'challenge-from': '2' });
  const { pod } = await claim(manager, 'ann');
  const fresh = await manager.restart('ann', { origin: { address: office, challenge: 'unsolved' } });
  t.not(fresh.pod.uid, pod.uid);
});

test('limits: a busy address needs a challenge for each further terminal', async (t) => {
  const { time, manager } = await start(t, { 'challenge-from': '2' });
  await claim(manager, 'a', { challenge: 'unsolved' });
  await claim(manager, 'b', { challenge: 'unsolved' });
  t.is(await outcome(claim(manager, 'c', { challenge: 'unsolved' })), 'challenge-required 15');
  t.is((await claim(manager, 'c', { challenge: 'solved' })).status, 'new');
  t.is(await outcome(claim(manager, 'd', { challenge: 'unsolved' })), 'challenge-required 15');
  // An address is busy if it has this many terminals, or has claimed this many within a minute.
  for (const visitor of ['a', 'b']) await manager.claims.end(visitor);
  t.is(await outcome(claim(manager, 'd', { challenge: 'unsolved' })), 'challenge-required 15');
  time.now += 60_000;
  t.is((await claim(manager, 'd', { challenge: 'unsolved' })).status, 'new');
});

test('limits: no challenge when the webserver offers none', async (t) => {
  const { manager } = await start(t, { 'challenge-from': '1' });
  await claim(manager, 'a');
  t.is((await claim(manager, 'b')).status, 'new');
});

test('limits: a solved challenge lifts no limit', async (t) => {
  const { manager } = await start(t, { 'challenge-from': '1', 'max-per-address': '1' });
  await claim(manager, 'a', { challenge: 'solved' });
  t.is(await outcome(claim(manager, 'b', { challenge: 'solved' })), 'too-many-requests 15');
});

test('limits: max-per-visitor counts terminals of other pools', async (t) => {
  const { model, manager } = await start(t, { 'max-per-visitor': '1' });
  const other = { ...model.pool, name: 'other', statefulSet: 'other', uid: 'other-sts', annotations: {} };
  manager.pools.observe({ kind: 'pool', name: 'other', object: other });
  const { pod } = await manager.claim('bob', { pool: 'default' });
  for (const [visitor, ordinal] of [['ann', 0] as const]) {
    const theirs = { ...pod, name: 'other-0', uid: 'other-uid', pool: 'other', owner: 'other-sts', ordinal };
    const object = { ...theirs, claim: { ...pod.claim!, visitor } };
    manager.pools.observe({ kind: 'pod', name: 'other-0', object });
  }
  await t.throwsAsync(manager.claim('ann', { pool: 'default' }), {
    code: 'too-many-requests',
    message: 'You have one terminal, and the limit is 1. End one first.',
  });
  t.is((await manager.claim('eve', { pool: 'default' })).status, 'new');
});
