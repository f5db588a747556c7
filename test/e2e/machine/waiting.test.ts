// One queue at two managers, as processes (inv 3, 4).

import test from 'ava';
import { createClaimer, startAnotherManager, waitingAt } from '../../helpers/another-manager.ts';
import { poolIsReady, startOnMachine, until, visitorOf } from '../../helpers/system.ts';

const visitorOfNumber = (number: number) => `visitor-${number}`.padEnd(43, '-');

test.serial('inv 3, 4: visitors of two managers share one queue, also when one is killed', async (t) => {
  const system = await startOnMachine(t, { replicas: 2, settings: { spare: '1', max: '2', connectTimeout: '30m' } });
  await poolIsReady(system, 2);
  const other = await startAnotherManager(t, system);
  const claim = createClaimer(system);
  const urls = [system.managerUrl, other.url];
  for (const owner of [0, 1]) await claim(system.managerUrl, visitorOfNumber(owner));
  const end = async (visitor: number) => {
    const pods = await system.kubernetes.pods();
    const own = pods.find((pod) => visitorOf(pod) === visitorOfNumber(visitor))!;
    await system.kubernetes.deletePod(own.metadata.name);
  };
  const served: number[] = [];
  const waits = [];
  for (const visitor of [2, 3, 4, 5]) {
    // A visitor whose manager is gone uses the other one, as through a Service.
    const wait = claim(urls[visitor % 2]!, visitorOfNumber(visitor)).catch(() =>
      claim(system.managerUrl, visitorOfNumber(visitor)),
    );
    waits.push(wait.then(() => served.push(visitor)));
    // The next visitor starts once both managers know of this one.
    for (const url of urls) await until('one more in line', async () => (await waitingAt(url, system)) === visitor - 1);
  }
  await end(0);
  await waits[0];
  t.deepEqual(served, [2]);
  await other.kill();
  for (const [index, owner] of [1, 2, 3].entries()) {
    await end(owner);
    await waits[index + 1];
    t.deepEqual(served, [2, 3, 4, 5].slice(0, index + 2));
  }
});
