// Managers that claim at the same moment, by a simulated clock: each patch and each event of a watch takes some time, so a
// manager picks a pod before it hears what the others took.

import test from 'ava';
import TinyQueue from 'tinyqueue';
import { createRandom } from '../../../bench/simulate/random.ts';
import { Race } from '../../../manager/claims/race.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import type { Pool } from '../../../manager/model/pool.ts';
import { ReadyQueue } from '../../../manager/model/ready-queue.ts';
import { type Share, wholeShare } from '../../../manager/model/share.ts';
import { silent } from '../../helpers/manager.ts';

type Setup = {
  shares: Share[];
  claims: number;
  atOnce: number;
  pods?: number;
  seed?: number;
  /** The manager that the next visitor asks; any by default, as a Service chooses. */
  choose?: (random: () => number) => number;
  /** Milliseconds, from and to. */
  patchMs?: [number, number];
  watchMs?: [number, number];
  /** Between two claims of one visitor after the other. */
  pauseMs?: number;
  /** Called before each claim with its number. */
  before?: (claim: number, shares: Share[]) => void;
};

const known = (count: number): Share[] => Array.from({ length: count }, (_, rank) => ({ rank, of: count }));
const strangers = (count: number): Share[] => Array.from({ length: count }, () => wholeShare);
const between = (random: () => number, [from, to]: [number, number]) => from + random() * (to - from);

function simulate({ shares, claims, atOnce, pods = 2 * claims, seed = 1, ...more }: Setup) {
  const random = createRandom(seed);
  const { patchMs = [10, 50], watchMs = [5, 50], pauseMs = 0, before = () => {} } = more;
  const { choose = (chance) => Math.floor(chance() * shares.length) } = more;
  const events = new TinyQueue<{ at: number; act: () => void }>([], (a, b) => a.at - b.at);
  let now = 0;
  const after = (ms: number, act: () => void) => events.push({ at: now + ms, act });

  const managers = shares.map((_, index) => {
    const seen = new Map<number, ObservedPod>();
    for (let ordinal = 0; ordinal < pods; ordinal++) seen.set(ordinal, podAt(ordinal));
    const ready = new ReadyQueue(
      (ordinal) => seen.get(ordinal),
      ({ taken }) => !taken,
    );
    ready.rebuild(seen.keys());
    const race = new Race({
      cluster: { claimPod: () => Promise.reject(), readPod: () => Promise.reject() },
      log: silent,
      monotonic: () => now,
      delay: () => new Promise(() => {}),
      chance: random,
      share: () => shares[index]!,
      onTrust: () => {},
    });
    const pool = { ready, claimsSeen: 0 };
    const learn = (pod: ObservedPod) => {
      if (pod.taken && !seen.get(pod.ordinal)?.taken) pool.claimsSeen++;
      seen.set(pod.ordinal, pod);
      ready.observe(pod);
    };
    return { race, pool: pool as unknown as Pool, learn, heardAt: 0, claims: 0 };
  });
  type Manager = (typeof managers)[number];

  const taken = new Map<string, number>();
  let [started, refused, highest] = [0, 0, 0];
  const attempt = (manager: Manager, visitor: number) => {
    const { race, pool } = manager;
    const pod = race.choose(pool);
    if (!pod) return after(10, () => attempt(manager, visitor));
    const ms = between(random, patchMs);
    after(ms / 2, () => {
      const won = !taken.has(pod.uid);
      const claimed = { ...pod, taken: true, version: 2 };
      if (won) {
        taken.set(pod.uid, visitor);
        for (const each of managers) {
          // A watch tells in order.
          each.heardAt = Math.max(each.heardAt, now + between(random, watchMs));
          after(each.heardAt - now, () => each.learn(claimed));
        }
      }
      after(ms / 2, () => {
        if (won) {
          manager.claims++;
          highest = Math.max(highest, pod.ordinal);
          manager.learn(claimed);
        } else {
          refused++;
          race.lose(pool, pod);
        }
        pool.ready.release(pod);
        if (won) after(pauseMs, next);
        else attempt(manager, visitor);
      });
    });
  };
  const next = () => {
    if (started === claims) return;
    before(started, shares);
    attempt(managers[choose(random)]!, started++);
  };
  for (let visitor = 0; visitor < atOnce; visitor++) next();
  for (let event = events.pop(); event; event = events.pop()) {
    now = event.at;
    event.act();
  }
  return {
    refused: refused / claims,
    highest,
    ordinals: [...taken.keys()].map(Number),
    visitors: new Set(taken.values()).size,
    most: Math.max(...managers.map((manager) => manager.claims)),
  };
}

const podAt = (ordinal: number): ObservedPod => ({
  name: `default-${ordinal}`,
  uid: String(ordinal),
  pool: 'default',
  ordinal,
  version: 1,
  node: 'node',
  podAddress: undefined,
  healthAddress: undefined,
  createdAt: 0,
  ready: true,
  readyChangedAt: 0,
  trouble: undefined,
  terminating: false,
  taken: false,
  retired: false,
  claim: undefined,
  revision: undefined,
  annotated: true,
});

test('one manager takes exactly the lowest pods', (t) => {
  const { refused, ordinals } = simulate({ shares: known(1), claims: 200, atOnce: 32, patchMs: [20, 20] });
  t.is(refused, 0);
  t.deepEqual(
    ordinals.sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, ordinal) => ordinal),
  );
});

for (const count of [2, 3, 5]) {
  for (const [title, more] of Object.entries({
    '32 at once': { claims: 320, atOnce: 32 },
    '32 at once, and a watch that is late': { claims: 320, atOnce: 32, watchMs: [100, 400] as [number, number] },
    '300 in one burst': { claims: 300, atOnce: 300 },
    'one after the other': { claims: 200, atOnce: 1 },
  })) {
    test(`${count} managers that know each other, ${title}: at most 0.02 patches refused per claim`, (t) => {
      for (const seed of [1, 2, 3]) {
        const { refused, highest, most } = simulate({ shares: known(count), seed, ...more });
        t.true(refused <= 0.02, `seed ${seed}: ${refused}`);
        // Each manager prefers one of so many ordinals in a row. Others took some of those while little was to do.
        t.true(highest < count * (most + 5), `seed ${seed}: ${highest}`);
      }
    });
  }

  test(`${count} managers of whom one gets a request every second: it takes exactly the lowest pods`, (t) => {
    const claims = 100;
    const { refused, highest } = simulate({
      shares: known(count),
      claims,
      atOnce: 1,
      pods: 1_000,
      choose: () => 0,
      pauseMs: 1_000,
    });
    t.is(refused, 0);
    t.is(highest, claims - 1, 'seldom enough for the lowest each time');
  });
}

test('2 managers, one with three of four requests: at most 0.02 patches refused per claim', (t) => {
  const choose = (chance: () => number) => (chance() < 0.75 ? 0 : 1);
  const { refused } = simulate({ shares: known(2), claims: 1_000, atOnce: 32, choose });
  t.true(refused <= 0.02, String(refused));
});

test('inv 1: managers that do not know each other hand no pod to two visitors, and seldom meet twice', (t) => {
  for (const count of [2, 3]) {
    const { visitors, refused } = simulate({ shares: strangers(count), claims: 300, atOnce: 32 });
    t.is(visitors, 300);
    t.true(refused < 2, String(refused));
  }
});

test('inv 1: a manager that starts in mid-run, and one that dies, cost a few refused patches and no visitor', (t) => {
  const [alone, two, three] = [known(1), known(2), known(3)];
  const late: Share = { rank: 2, of: 3 };
  const shares = [...two, late];
  let active = 2;
  const { visitors, refused } = simulate({
    shares,
    claims: 900,
    atOnce: 32,
    // The third starts; later the others learn of it; then it and the second die, and the first learns of that.
    choose: (chance) => Math.floor(chance() * active),
    before: (claim) => {
      if (claim === 300) active = 3;
      if (claim === 330) shares.splice(0, 2, three[0]!, three[1]!);
      if (claim === 600) active = 1;
      if (claim === 700) shares[0] = alone[0]!;
    },
  });
  t.is(visitors, 900);
  t.true(refused <= 0.1, String(refused));
});

test('a manager without ready pods of its own takes those that another comes to last, within its reach', (t) => {
  const queue = new ReadyQueue(podAt, () => true);
  // Odd ordinals only: the other's.
  queue.rebuild([1, 3, 5, 7, 9, 11, 13, 15]);
  const share = { rank: 0, of: 2 };
  t.is(queue.take({ share, reach: 5, chance: 0.5 })?.ordinal, 9);
  t.is(queue.take({ share: { rank: 1, of: 2 }, reach: 5 })?.ordinal, 1);
  const few = new ReadyQueue(podAt, () => true);
  few.rebuild([3]);
  t.is(few.take({ share })?.ordinal, 3, 'and the last one, whoever prefers it');
});

test('pods that are ready no more, unheard, hide none above them', (t) => {
  const queue = new ReadyQueue(podAt, ({ ordinal }) => ordinal >= unready);
  let unready = 0;
  queue.rebuild(Array.from({ length: 30 }, (_, ordinal) => ordinal));
  unready = 25;
  t.is(queue.take({ share: { rank: 0, of: 2 }, reach: 10 })?.ordinal, 26);
  t.is(queue.take()?.ordinal, 25);
});
