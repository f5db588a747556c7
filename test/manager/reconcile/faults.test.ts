// Three managers, each with a faulty port that loses, refuses, delays and repeats. No terminal is shared, and
// in the end each visitor has one.

import test from 'ava';
import { createRandom } from '../../../bench/simulate/random.ts';
import { createFaults } from '../../../soak/faults.ts';
import { FakeTime } from '../../helpers/fake-time.ts';
import { withFaults } from '../../helpers/faulty-port.ts';
import { budget, seedOf } from '../../helpers/long.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

const visitors = 12;
const annotations = { 'warmterm.dev/spare': '3', 'warmterm.dev/max': '30', 'warmterm.dev/connect-timeout': '60s' };

async function run(seed: number) {
  const random = createRandom(seed);
  const time = new FakeTime();
  const clock = () => time.now;
  const model = new ModelCluster({ annotations, clock });
  const faults = createFaults(random);
  const through = (port: Parameters<typeof withFaults>[0]) => withFaults(port, faults);
  const managers = Array.from({ length: 3 }, () => startManager(model, { clock, time, through }));
  const any = () => managers[Math.floor(random() * managers.length)]!;
  try {
    await time.settle();
    await settle(model, ...managers);
    faults.set({ requests: 0.3, events: 0.3 });
    for (let step = 0; step < 60; step++) {
      const visitor = `visitor-${Math.floor(random() * visitors)}`;
      void any()
        .claim(visitor, { pool: 'default' })
        .catch(() => {});
      if (random() < 0.2)
        void any()
          .claims.end(visitor)
          .catch(() => {});
      if (random() < 0.7) any().port.deliver(Math.ceil(random() * 5));
      if (random() < 0.3) model.settle();
      await nextTurn();
    }
    faults.set(undefined);
    for (let minutes = 0; minutes < 4; minutes++) {
      await time.pass(30_000);
      for (const { pools } of managers) for (const pool of pools.all()) pool.changed();
      await settle(model, ...managers);
    }
    const shared = [...model.visitorsOf.values()].filter((names) => names.size > 1).length;
    const owners = managers.map(({ claims }) =>
      Array.from({ length: visitors }, (_, each) => claims.find(`visitor-${each}`)?.uid ?? 'none').join(),
    );
    return { shared, owners, befallen: [...faults.counts().values()].reduce((a, b) => a + b, 0) };
  } finally {
    await Promise.all(managers.map(({ stop }) => stop()));
  }
}

test('inv 1, 3, 4: faults: no terminal is shared, and the managers converge', async (t) => {
  let befallen = 0;
  const first = seedOf(t);
  for (let seed = first; seed < first + budget({ short: 20, long: 1_000 }); seed++) {
    const { shared, owners, ...more } = await run(seed);
    befallen += more.befallen;
    t.is(shared, 0, `seed ${seed}`);
    t.is(new Set(owners).size, 1, `seed ${seed}: ${owners.join(' | ')}`);
  }
  t.true(befallen > 500, `${befallen} faults`);
});
