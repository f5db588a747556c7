// Two managers, as processes, on one cluster: both claim, one leads (inv 1, 4).

import test from 'ava';
import { createClaimer, startAnotherManager } from '../../helpers/another-manager.ts';
import { isClaimed, poolIsReady, startOnMachine, until, visitorOf } from '../../helpers/system.ts';

const visitorOfNumber = (number: number) => `visitor-${number}`.padEnd(43, '-');

test.serial('inv 1, 4: two managers claim concurrently and refill the pool without a leader', async (t) => {
  const system = await startOnMachine(t, { replicas: 3, settings: { spare: '2', max: '9' } });
  await poolIsReady(system, 3);
  const other = await startAnotherManager(t, system);
  const claim = createClaimer(system);
  const urls = [system.managerUrl, other.url];

  // More visitors than ready terminals: some wait, at either manager, for the terminals that both create.
  const claims = await Promise.all(
    Array.from({ length: 8 }, (_, index) => claim(urls[index % 2]!, visitorOfNumber(index))),
  );
  t.is(new Set(claims.map(({ uid }) => uid)).size, 8);
  const claimed = (await system.kubernetes.pods()).filter(isClaimed);
  t.is(new Set(claimed.map(visitorOf)).size, 8);
  // A request at the other manager gets the same terminal (inv 2).
  for (const [index, { uid }] of claims.entries()) {
    await until(`visitor ${index} known to both`, async () => {
      const again = await claim(urls[(index + 1) % 2]!, visitorOfNumber(index));
      return again.uid === uid && again.status === 'reconnected';
    });
  }
});

test.serial('leader: succeeded at once after a stop, after the lease expires when killed', async (t) => {
  const system = await startOnMachine(t, { replicas: 2, settings: { spare: '2', max: '9' } });
  await poolIsReady(system, 2);
  const claim = createClaimer(system);
  const first = await until('a leader', () => system.kubernetes.lease());
  const other = await startAnotherManager(t, system);
  t.is(await system.kubernetes.lease(), first);

  await system.manager.stop();
  const second = await until('its successor', async () => {
    const holder = await system.kubernetes.lease();
    return holder !== first && holder;
  });
  await until('that it knows', async () => other.told.includes('leads'));
  system.manager.start();
  await until('the manager', () =>
    fetch(`${system.managerUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );

  const { name, uid } = await claim(other.url, visitorOfNumber(0));
  await other.kill();
  const killedAt = performance.now();
  // Without a leader, claims and refills continue. Overdue sessions do not end yet.
  const claims = await Promise.all([1, 2, 3, 4].map((each) => claim(system.managerUrl, visitorOfNumber(each))));
  t.is(new Set([uid, ...claims.map((each) => each.uid)]).size, 5);
  await poolIsReady(system, 2);
  await system.kubernetes.annotate({ 'warmterm.dev/connect-timeout': '1s' });
  t.is(await system.kubernetes.lease(), second);

  await until(
    'a reaped terminal',
    async () => {
      const pod = await system.kubernetes.pod(name);
      return pod?.metadata.uid !== uid || pod.metadata.deletionTimestamp !== undefined;
    },
    30_000,
  );
  // The lease lasts 15 s and was renewed at most 2 s before the kill.
  t.true(performance.now() - killedAt > 12_000);
  t.not(await system.kubernetes.lease(), second);
});
