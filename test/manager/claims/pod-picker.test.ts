// Managers that claim at the same moment, in simulated time: patches and watch events take some time, so a manager picks a pod
// before it sees what the others took.

import test from 'ava';
import TinyQueue from 'tinyqueue';
import { createRandom } from '../../../bench/simulate/random.ts';
import { PodPicker } from '../../../manager/claims/pod-picker.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import type { Pool } from '../../../manager/model/pool.ts';
import { ReadyQueue } from '../../../manager/model/ready-queue.ts';
import { type Share, wholeShare } from '../../../manager/model/share.ts';

type Setup = {
  shares: Share[];
  claims: number;
  atOnce: number;
  pods?: number;
  seed?: number;
  /** The manager that the next visitor asks. By default any, as a Service does. */
  choose?: (random: () => number) => number;
  /** Milliseconds, from and to. */
  patchMs?: [number, number];
  watchMs?: [number, number];
  /** The time between two successive claims of one visitor. */
  pauseMs?: number;
  /** Called before each claim with its number. */
  before?: (claim: number, shares: Share[]) => void;
};

const known = (count: number): Share[] => Array.from({ length: count }, (_, rank) => ({ rank, of: count }));
const unacquainted = (count: number): Share[] => Array.from({ length: count }, () => wholeShare);
const between = (random: () => number, [from, to]: [number, number]) => from + random() * (to - from);

function simulate({ shares, claims, atOnce, pods = 2 * claims, seed = 1, ...more }: Setup) {
  const random = createRandom(seed);
  const { patchMs = [10, 50], watchMs = [5, 50], pauseMs = 0, before = () => {} } = more;
  const { choose = (random) => Math.floor(random() * shares.length) } = more;
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
    const picker = new PodPicker({ monotonic: () => now, random, share: () => shares[index]! });
    const pool = { ready, claimsSeen: 0 };
    const learn = (pod: ObservedPod) => {
      if (pod.taken && !seen.get(pod.ordinal)?.taken) pool.claimsSeen++;
      seen.set(pod.ordinal, pod);
      ready.observe(pod);
    };
    return { picker, pool: pool as unknown as Pool, learn, heardAt: 0, claims: 0 };
  });
  type Manager = (typeof managers)[number];

  const taken = new Map<string, number>();
  let [started, refused, highest] = [0, 0, 0];
  const attempt = (manager: Manager, visitor: number) => {
    const { picker, pool } = manager;
    const pod = picker.pick(pool);
    if (!pod) return after(10, () => attempt(manager, visitor));
    const ms = between(random, patchMs);
    after(ms / 2, () => {
      const won = !taken.has(pod.uid);
      const claimed = { ...pod, taken: true, version: 2 };
      if (won) {
        taken.set(pod.uid, visitor);
        for (const each of managers) {
          // A watch reports in order.
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
          picker.noteConflict(pool);
          pool.ready.quarantine(pod);
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

test('pod picker: one manager takes exactly the lowest pods', (t) => {
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
    '32 at once, late watch': { claims: 320, atOnce: 32, watchMs: [100, 400] as [number, number] },
    '300 in one burst': { claims: 300, atOnce: 300 },
    'one at a time': { claims: 200, atOnce: 1 },
  })) {
    test(`pod picker: at most 0.02 conflicts per claim, ${count} managers that know each other, ${title}`, (t) => {
      for (const seed of [1, 2, 3]) {
        const { refused, highest, most } = simulate({ shares: known(count), seed, ...more });
        t.true(refused <= 0.02, `seed ${seed}: ${refused}`);
        // Each manager prefers one of `count` consecutive ordinals. Other managers took some of those at a low rate.
        t.true(highest < count * (most + 5), `seed ${seed}: ${highest}`);
      }
    });
  }

  test(`pod picker: takes exactly the lowest pods at one claim a second, ${count} managers`, (t) => {
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
    t.is(highest, claims - 1, 'the highest ordinal that was claimed');
  });
}

test('pod picker: at most 0.02 conflicts per claim, 2 managers, 3 of 4 requests at one', (t) => {
  const choose = (random: () => number) => (random() < 0.75 ? 0 : 1);
  const { refused } = simulate({ shares: known(2), claims: 1_000, atOnce: 32, choose });
  t.true(refused <= 0.02, String(refused));
});

test('inv 1: managers that do not know each other give no pod to two visitors, with fewer than 2 conflicts per claim', (t) => {
  for (const count of [2, 3]) {
    const { visitors, refused } = simulate({ shares: unacquainted(count), claims: 300, atOnce: 32 });
    t.is(visitors, 300);
    t.true(refused < 2, String(refused));
  }
});

test('inv 1: every visitor gets an own pod, at most 0.1 conflicts per claim, while managers start and die', (t) => {
  const [alone, two, three] = [known(1), known(2), known(3)];
  const late: Share = { rank: 2, of: 3 };
  const shares = [...two, late];
  let active = 2;
  const { visitors, refused } = simulate({
    shares,
    claims: 900,
    atOnce: 32,
    // The third starts, and the others see it later. Then it and the second die, and the first sees that.
    choose: (random) => Math.floor(random() * active),
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

test('ready queue: without preferred pods, takes the one that another manager takes last, within reach', (t) => {
  const queue = new ReadyQueue(podAt, () => true);
  // Only odd ordinals, which the other manager prefers.
  queue.rebuild([1, 3, 5, 7, 9, 11, 13, 15]);
  const share = { rank: 0, of: 2 };
  t.is(queue.take({ share, reach: 5, random: 0.5 })?.ordinal, 9);
  t.is(queue.take({ share: { rank: 1, of: 2 }, reach: 5 })?.ordinal, 1);
  const few = new ReadyQueue(podAt, () => true);
  few.rebuild([3]);
  t.is(few.take({ share })?.ordinal, 3, 'the last pod, although another manager prefers it');
});

test('ready queue: skips pods that are no longer ready', (t) => {
  const queue = new ReadyQueue(podAt, ({ ordinal }) => ordinal >= unready);
  let unready = 0;
  queue.rebuild(Array.from({ length: 30 }, (_, ordinal) => ordinal));
  unready = 25;
  t.is(queue.take({ share: { rank: 0, of: 2 }, reach: 10 })?.ordinal, 26);
  t.is(queue.take()?.ordinal, 25);
});
