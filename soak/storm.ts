// The storm: visitors come and go while managers are killed, stopped, disconnected and given wrong clocks, and an administrator acts.

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { exponential, type Random } from '../bench/simulate/random.ts';
import { startDeadline } from '../common/deadline.ts';
import type { Administrator } from './administrator.ts';
import type { ClusterFaults } from './cluster-faults.ts';
import type { Faults } from './faults.ts';
import type { Checker } from './invariants.ts';
import type { Manager } from './managers.ts';
import type { Pace } from './pace.ts';
import type { Visitors } from './visitors.ts';

export type StormOptions = {
  managers: Manager[];
  visitors: Visitors;
  administrator: Administrator;
  faults: Faults;
  checker: Checker;
  /** Each kind of event has its own loop. */
  clusterFaults: ClusterFaults[];
  pace: Pace;
  totals: { kills: number; pauses: number; cuts: number; clocks: number };
  random: Random;
  /** A random generator for each kind of event. */
  part: () => Random;
};

const longestPauseMs = 15_000;

/** Injects faults for the time in `pace`, or until `signal` is aborted. */
export async function storm(options: StormOptions, signal: AbortSignal): Promise<void> {
  const { managers, visitors, administrator, faults, checker, clusterFaults, pace, totals, random, part } = options;
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)]!;
  const { signal: end } = startDeadline(pace.stormMs, signal);
  setMaxListeners(0, end);
  const every = (everyMs: number, act: () => void | Promise<void>) => atMoments(part(), everyMs, end, act);
  const heavy = random();
  faults.set({ requests: 0.02 + 0.2 * heavy, events: 0.01 + 0.08 * heavy });
  await Promise.all([
    visitors.open(pace.visitorsPerSecond, end),
    ...clusterFaults.map((each) => each.run(end)),
    every(9_000, () => {
      totals.kills++;
      pick(managers).kill();
    }),
    every(25_000, () => {
      totals.pauses++;
      return pick(managers).pause(1_000 + random() * (longestPauseMs - 1_000));
    }),
    every(15_000, () => {
      totals.cuts++;
      pick(managers).proxy.cut(500 + random() * 8_000);
    }),
    every(12_000, () => {
      totals.clocks++;
      // By seconds or by an hour; ahead or behind.
      const far = random() < 0.5 ? 3_600_000 : 20_000;
      pick(managers).setClock(Math.round((random() * 2 - 1) * far));
    }),
    every(8_000, () => administrator.act().catch(() => {})),
    every(20_000, () => {
      const all = [...checker.pods.values()].filter(({ terminatingSince }) => terminatingSince === undefined);
      return all.length > 0 ? administrator.deletePod(pick(all)) : undefined;
    }),
  ]);
  visitors.shut();
}

/** Calls `act` at moments of a Poisson process, one in `everyMs` on average. */
export async function atMoments(
  chance: Random,
  everyMs: number,
  signal: AbortSignal,
  act: () => void | Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await delay(exponential(chance, everyMs), undefined, { signal }).catch(() => {});
    if (!signal.aborted) await act();
  }
}
