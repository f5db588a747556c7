import test, { type ExecutionContext } from 'ava';
import { ServiceError } from '../../../common/errors.ts';
import type { Cluster } from '../../../manager/kubernetes/port.ts';
import { type ManagerOptions, settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

async function start(
  t: ExecutionContext,
  settings: Record<string, string>,
  options?: ManagerOptions & { managers?: number },
) {
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  const model = new ModelCluster({ annotations });
  const managers = Array.from({ length: options?.managers ?? 1 }, () => startManager(model, options));
  t.teardown(() => Promise.all(managers.map(({ stop }) => stop())));
  await settle(model, ...managers);
  return { model, managers, manager: managers[0]! };
}

test('inv 11: a claim is one write and takes the lowest ready pod', async (t) => {
  const { model, manager } = await start(t, { spare: '3', max: '3' });
  const writes = model.writes;
  const { pod, status } = await manager.claim('ann');
  t.like({ ...pod, status }, { name: 'default-0', status: 'new', taken: true });
  t.is(model.writes - writes, 1);
});

test('inv 11: a claim is one request: no read, no Event', async (t) => {
  const requests: (string | symbol)[] = [];
  const through = (port: Cluster) =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...given: unknown[]) => {
          requests.push(name);
          return method.apply(target, given);
        };
      },
    });
  // At its maximum, the pool needs nothing after the claim.
  const { model, manager } = await start(t, { spare: '3', max: '3' }, { through });
  requests.length = 0;
  await manager.claim('ann');
  await settle(model, manager);
  t.deepEqual(requests, ['claimPod']);
});

test('inv 2: claim: returning visitor gets the same terminal without a write', async (t) => {
  const { model, manager } = await start(t, { spare: '2' });
  const first = await manager.claim('ann');
  await settle(model, manager);
  const writes = model.writes;
  const again = await manager.claim('ann');
  t.is(again.pod.uid, first.pod.uid);
  t.is(again.status, 'reconnected');
  t.is(model.writes, writes);
});

test('inv 2: claim: two simultaneous tabs get one terminal', async (t) => {
  const { manager } = await start(t, { spare: '2' });
  const [a, b] = await Promise.all([1, 2].map(() => manager.claim('ann')));
  t.is(a!.pod.uid, b!.pod.uid);
  t.deepEqual([a!.status, b!.status], ['new', 'reconnected']);
});

test('inv 3: claim: restarted manager knows the visitor of each terminal', async (t) => {
  const { model, manager } = await start(t, { spare: '2' });
  const { pod } = await manager.claim('ann');
  await manager.stop();
  const next = startManager(model);
  t.teardown(next.stop);
  t.is(next.claims.find('ann')?.uid, pod.uid);
});

test('inv 4: claim: takes the next pod after a conflict with another manager', async (t) => {
  const { managers } = await start(t, { spare: '3' }, { managers: 2 });
  const [a, b] = await Promise.all(managers.map(({ claim }, index) => claim(`visitor-${index}`)));
  t.deepEqual([a!.pod.name, b!.pod.name].sort(), ['default-0', 'default-1']);
});

test('inv 8: claim: the ticket names the claimed pod, also after a conflict', async (t) => {
  const signer = { sign: async (content: object) => JSON.stringify(content) };
  const { managers } = await start(t, { spare: '3' }, { managers: 2, signer });
  const claimed = await Promise.all(managers.map(({ claim }, index) => claim(`visitor-${index}`)));
  for (const { pod, ticket } of claimed) {
    const { id, visitor } = pod.claim!;
    t.like(JSON.parse(ticket), { aud: pod.uid, sub: visitor, claim: id, role: 'owner' });
  }
});

test('inv 2, 8: claim: ticket of a returning visitor names the same claim at every manager', async (t) => {
  const signer = { sign: async (content: object) => JSON.stringify(content) };
  const { model, managers } = await start(t, { spare: '2' }, { managers: 2, signer });
  const { pod } = await managers[0]!.claim('ann');
  await settle(model, ...managers);
  for (const { claim } of managers) {
    const { ticket } = await claim('ann');
    t.like(JSON.parse(ticket), { aud: pod.uid, sub: 'ann', claim: pod.claim!.id, role: 'owner' });
  }
});

test('inv 4: claim: spreads over the lowest pods after a conflict', async (t) => {
  const { managers } = await start(t, { spare: '40', max: '60' }, { managers: 2 });
  const [first, late] = managers;
  for (let visitor = 0; visitor < 8; visitor++) await first!.claim(`early-${visitor}`);
  let tries = 0;
  const { claimPod } = late!.port;
  late!.port.claimPod = (...args) => {
    tries++;
    return claimPod.apply(late!.port, args);
  };
  // It knows none of these claims: the lowest eight pods are all taken.
  const claimed = new Set<string>();
  for (let visitor = 0; visitor < 8; visitor++) {
    claimed.add((await late!.claim(`late-${visitor}`)).pod.uid);
  }
  t.is(claimed.size, 8);
  t.true(tries < 16, `${tries} tries for 8 claims`);
});

test('claim: refills the pool at once, up to max', async (t) => {
  const { model, manager } = await start(t, { spare: '2', max: '4' });
  for (const visitor of ['a', 'b', 'c', 'd']) {
    await manager.claim(visitor);
    await settle(model, manager);
  }
  t.is(model.pool.replicas, 4);
  const disconnect = new AbortController();
  const fifth = manager.claim('e', { clientGone: disconnect.signal });
  await settle(model, manager);
  t.is(model.pool.replicas, 4);
  disconnect.abort();
  await t.throwsAsync(fifth, { any: true, name: 'AbortError' });
});

for (const fault of ['lost-request', 'lost-response'] as const) {
  test(`inv 1, 2: claim: one pod for one visitor after a ${fault}`, async (t) => {
    const { model, manager } = await start(t, { spare: '3', max: '3' });
    manager.port.faults.push(fault, fault);
    const { pod } = await manager.claim('ann');
    await settle(model, manager);
    t.is(pod.name, 'default-0');
    t.deepEqual([...model.visitorsOf.entries()], [[pod.uid, new Set(['ann'])]]);
  });
}

test('inv 1: claim: takes another pod when its request was lost and the pod claimed meanwhile', async (t) => {
  const { model, managers } = await start(t, { spare: '3', max: '3' }, { managers: 2 });
  const [late, first] = managers;
  late!.port.faults.push('lost-request');
  const claims = [late!.claim('ann'), first!.claim('bob')];
  const [ann, bob] = await Promise.all(claims);
  t.deepEqual([ann!.pod.name, bob!.pod.name], ['default-1', 'default-0']);
  t.deepEqual([...model.visitorsOf.values()], [new Set(['bob']), new Set(['ann'])]);
});

test('inv 1: end: deletes the pod, and the next claim gets another', async (t) => {
  const { model, manager } = await start(t, { spare: '1', max: '2' });
  const first = await manager.claim('ann');
  await manager.claims.end('ann');
  t.is(manager.claims.find('ann'), undefined);
  t.true(model.pods.get(first.pod.name)?.terminating);
  await settle(model, manager);
  const second = await manager.claim('ann');
  t.not(second.pod.uid, first.pod.uid);
  await t.throwsAsync(manager.claims.end('bob'), { code: 'session-not-found' });
});

test('restart: ends the old terminal and claims another', async (t) => {
  const { model, manager } = await start(t, { spare: '2' });
  const { pod } = await manager.claim('ann');
  const { pod: fresh, status } = await manager.restart('ann');
  t.not(fresh.uid, pod.uid);
  t.is(status, 'new');
  t.true(model.pods.get(pod.name)?.terminating);
  t.is(manager.claims.find('ann')?.uid, fresh.uid);
});

test('inv 10: claim: not-found names the unknown pool', async (t) => {
  const { manager } = await start(t, { spare: '1' });
  await t.throwsAsync(async () => manager.claim('ann', { pool: 'python' }), {
    code: 'not-found',
    message: /python/,
  });
});

test('inv 6: reap: deletes a terminal at its maximum lifetime, not before', async (t) => {
  let now = 0;
  const { model, manager } = await start(
    t,
    { spare: '1', 'connect-timeout': '30s', 'max-lifetime': '1h' },
    { clock: () => now },
  );
  const { pod } = await manager.claim('ann');
  const look = async () => {
    manager.pools.get('default')!.changed();
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    return model.pods.get(pod.name)?.terminating;
  };
  now = 29_999;
  t.false(await look());
  await manager.terminals.report(pod, { connections: 1, connectedAt: new Date(now).toISOString() });
  now = 3_599_999;
  t.false(await look());
  now = 3_600_000;
  t.true(await look());
});

test('settings: an invalid annotation is one Event and changes nothing', async (t) => {
  const { model, manager } = await start(t, { spare: '2' });
  model.setPool({ annotations: { 'warmterm.dev/spare': 'lots' } });
  await settle(model, manager);
  t.is(manager.pools.get('default')?.settings.spare, 2);
  t.deepEqual(model.warnings, [
    'InvalidSettings: warmterm.dev/spare="lots" must be a whole number from 0 to 10000, a percentage of those in use from 0% to 1000%, or auto. The last valid values apply.',
  ]);
});

test('events: a warning that was not written is written later', async (t) => {
  let now = 0;
  const { model, manager } = await start(t, { spare: '2' }, { clock: () => now });
  const tell = manager.port.recordEvent.bind(manager.port);
  let refusals = 0;
  manager.port.recordEvent = async ({ type }) => {
    if (type === 'Warning') refusals++;
    throw new ServiceError('unavailable', 'no');
  };
  model.setPool({ annotations: { 'warmterm.dev/spare': 'lots' } });
  await settle(model, manager);
  t.is(refusals, 1);
  t.deepEqual(model.warnings, []);
  manager.port.recordEvent = tell;
  now = 1_000;
  manager.pools.get('default')!.changed();
  await settle(model, manager);
  t.is(model.warnings.length, 1);
});

test('inv 12: claim: ends at the claim timeout when the API server does not answer', async (t) => {
  t.timeout(20_000);
  const { manager } = await start(t, { spare: '1', max: '1' }, { timeoutMs: 50 });
  manager.port.claimPod = async () => {
    throw new ServiceError('unavailable', 'away');
  };
  const disconnect = new AbortController();
  t.teardown(() => disconnect.abort());
  const claim = manager.claim('ann', { clientGone: disconnect.signal });
  await t.throwsAsync(claim, { code: 'unavailable' });
});

test('inv 12: claim: served at once while the controller is throttled', async (t) => {
  let now = 0;
  let restIsOver = () => {};
  const model = new ModelCluster({ annotations: { 'warmterm.dev/spare': '0', 'warmterm.dev/max': '4' } });
  const manager = startManager(model, {
    // Each evaluation takes a tenth of a second.
    monotonic: () => {
      now += 100;
      return now;
    },
    rest: () =>
      new Promise((resolve) => {
        restIsOver = resolve;
      }),
  });
  t.teardown(manager.stop);
  await settle(model, manager);
  const claim = manager.claim('ann');
  for (let turn = 0; turn < 8; turn++) await nextTurn();
  t.is(model.pool.replicas, 0, 'it has looked at the pool before, and rests');
  restIsOver();
  for (let turn = 0; turn < 8; turn++) await nextTurn();
  t.is(model.pool.replicas, 1);
  model.settle();
  manager.port.deliver();
  t.is((await claim).pod.name, 'default-0', 'without a further look');
});
