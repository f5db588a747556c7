import test from 'ava';
import fc from 'fast-check';
import type { StoredPosition, StoredQueue } from '../../../../manager/model/observation.ts';
import { Queue } from '../../../../manager/model/queue/queue.ts';
import { histories, quick } from '../../../helpers/long.ts';

/** The stored queue. Each manager writes its changes, and sees those of other managers when it reads. */
class Shared {
  positions: ReadonlyMap<string, StoredPosition> = new Map();
  version = 0;

  get queue(): StoredQueue {
    return { name: 'default-waiting', uid: 'queue', pool: 'default', version: this.version, positions: this.positions };
  }

  /** Writes the changes of a queue that has read version `seen`. Returns false if `seen` is not the latest. */
  write(queue: Queue, now: number, at: number, seen: number): boolean {
    const { positions, unchanged } = queue.changes(now, at);
    if (positions.size === 0) return true;
    if (unchanged && seen !== this.version) return false;
    const next = new Map(this.positions);
    for (const [visitor, place] of positions) {
      if (place) next.set(visitor, place);
      else next.delete(visitor);
    }
    this.positions = next;
    this.version++;
    return true;
  }
}

test('queue: ordered by first request, also when the clock of a manager is behind', (t) => {
  const queue = new Queue();
  queue.enter('a', 1_000);
  queue.enter('b', 1_000);
  queue.enter('c', 900);
  queue.enter('b', 3_000);
  t.deepEqual(queue.visitors(0), ['a', 'b', 'c']);
  queue.enter('restarted', 2_000, { askedAt: 500 });
  t.deepEqual(queue.visitors(0), ['restarted', 'a', 'b', 'c']);
});

test('queue: present for 2 s between requests, then absent, then back at the same position', (t) => {
  const queue = new Queue();
  const shared = new Shared();
  const part = queue.enter('a', 1_000);
  queue.enter('b', 1_000);
  shared.write(queue, 1_000, 0, 0);
  queue.observe(shared.queue, 1_000);
  part(100);
  t.deepEqual(queue.visitors(2_099), ['a', 'b']);
  t.deepEqual(queue.visitors(2_100), ['b']);
  shared.write(queue, 3_100, 2_100, 0);
  queue.observe(shared.queue, 3_100);
  t.is(shared.positions.get('a')!.seen, undefined);
  queue.enter('a', 9_000);
  t.deepEqual(queue.visitors(8_000), ['a', 'b']);
});

test('queue: nothing is stored for a visitor who is served before the first write', (t) => {
  const queue = new Queue();
  queue.enter('a', 1_000)(50);
  queue.serve('a');
  t.is(queue.changes(1_200, 200).positions.size, 0);
  t.true(queue.isEmpty);
});

test('queue: reports a visitor every 10 s, also when the wall clock jumps', (t) => {
  const queue = new Queue();
  const shared = new Shared();
  queue.enter('a', 50_000);
  const seen: (number | undefined)[] = [];
  for (const [now, at] of [
    [50_000, 0],
    [59_000, 9_000],
    [10_000, 10_000],
    [10_000, 20_000],
  ] as const) {
    shared.write(queue, now, at, shared.version);
    queue.observe(shared.queue, now);
    queue.changes(now, at);
    seen.push(shared.positions.get('a')!.seen);
  }
  t.deepEqual(seen, [50_000, 50_000, 50_001, 50_002]);
});

const heard = (positions: [string, StoredPosition][]): StoredQueue => {
  const shared = new Shared();
  shared.positions = new Map(positions);
  return shared.queue;
};

for (const [what, place, here, there] of [
  ['of another manager', { since: 1, seen: 2 }, 25_000, 55_000],
  ['who has left', { since: 1, seen: undefined }, 0, 30_000],
] as const) {
  test(`queue: a visitor ${what}, without further reports, counts for ${here} ms and is stored for ${there} ms`, (t) => {
    const queue = new Queue();
    queue.observe(heard([['a', place]]), 2);
    // The monotonic clock may start at any time.
    const at = 7_000_000;
    t.is(queue.changes(0, at).positions.size, 0);
    t.is(queue.visitors(at + here - 1).length, here === 0 ? 0 : 1);
    t.is(queue.visitors(at + here).length, 0);
    t.is(queue.changes(0, at + there - 1).positions.size, 0);
    t.deepEqual(queue.changes(0, at + there), { positions: new Map([['a', undefined]]), unchanged: true });
  });
}

const minute = 60_000;
for (const [what, age, here, there] of [
  ['11 minutes before the manager started', 11 * minute, 0, 30_000],
  ['10 s before the manager started', 10_000, 15_000, 45_000],
  ['at a time that is still to come', -11 * minute, 0, 30_000],
] as const) {
  test(`queue: a visitor last seen ${what} counts for ${here} ms and keeps the position for ${there} ms`, (t) => {
    const queue = new Queue();
    const now = 100 * minute;
    queue.observe(heard([['a', { since: 1, address: 'net', seen: now - age }]]), now);
    const at = 7_000_000;
    t.is(queue.changes(now, at).positions.size, 0);
    if (here > 0) t.deepEqual(queue.visitors(at + here - 1), ['a']);
    t.deepEqual(queue.visitors(at + here), []);
    t.deepEqual(queue.fromAddress('net', 'b', at + here), []);
    t.is(queue.changes(now, at + there - 1).positions.size, 0);
    t.deepEqual(queue.changes(now, at + there).positions, new Map([['a', undefined]]));
  });
}

test('queue: a visitor whose manager has a wrong clock counts again at the next report, at the same position', (t) => {
  const queue = new Queue();
  const now = 100 * minute;
  queue.observe(heard([['a', { since: 1, seen: now - 30 * minute }]]), now);
  queue.changes(now, 0);
  queue.enter('b', now);
  t.deepEqual(queue.visitors(0), ['b']);
  queue.observe(heard([['a', { since: 1, seen: now - 30 * minute + 10_000 }]]), now + 10_000);
  t.deepEqual(queue.visitors(10_000), ['a', 'b']);
});

test('queue: an absent visitor comes back to the former position', (t) => {
  const queue = new Queue();
  const now = 100 * minute;
  queue.observe(heard([['a', { since: 1, seen: now - 2 * minute }]]), now);
  queue.changes(now, 0);
  queue.enter('b', now);
  queue.enter('a', now + 20_000);
  t.deepEqual(queue.visitors(20_000), ['a', 'b']);
});

test('queue: an entry older than a day expires at once', (t) => {
  const queue = new Queue();
  const now = 10_000 * minute;
  const day = 24 * 60 * minute;
  const positions: [string, StoredPosition][] = [
    ['dead', { since: now - day, seen: now - day }],
    ['left', { since: now - day, seen: undefined }],
    ['late', { since: now - day, seen: now - day + 1 }],
  ];
  queue.observe(heard(positions), now);
  const expired = new Map([
    ['dead', undefined],
    ['left', undefined],
  ]);
  t.deepEqual(queue.changes(now, 0), { positions: expired, unchanged: true });
});

test('queue: the earlier of two times of one visitor counts and is stored', (t) => {
  const queue = new Queue();
  queue.enter('a', 2_000);
  queue.enter('b', 1_500);
  queue.observe(heard([['b', { since: 1_000, seen: 1_000 }]]), 2_000);
  t.deepEqual(queue.visitors(0), ['b', 'a']);
  queue.observe(heard([['b', { since: 1_800, seen: 1_900 }]]), 2_000);
  t.is(queue.changes(3_000, 0).positions.get('b')?.since, 1_000);
});

test('queue: two managers with the same visitor do not overwrite each other', (t) => {
  const shared = new Shared();
  const queues = [new Queue(), new Queue()];
  for (const queue of queues) queue.enter('a', 1_000);
  let version = 0;
  for (let at = 0; at < 9_000; at += 200) {
    for (const queue of queues) {
      shared.write(queue, 1_000 + at, at, shared.version);
      for (const each of queues) each.observe(shared.queue, 1_000 + at);
    }
    if (at === 1_000) version = shared.version;
  }
  t.is(shared.version, version);
  t.true(version <= 3);
});

// Histories: visitors claim at any manager, leave and are served. Managers read late, lose writes and are killed. Wall clocks differ.
type Step =
  | { do: 'ask' | 'leave' | 'serve'; manager: number; visitor: number }
  | { do: 'write' | 'hear' | 'lose' | 'kill'; manager: number }
  | { do: 'pass'; ms: number };

const managers = 3;
const manager = fc.nat(managers - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('ask' as const), manager, visitor: fc.nat(5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'serve' as const), manager, visitor: fc.nat(5) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'hear' as const), manager }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'kill' as const), manager }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 15_000 }) }) },
);

test('inv 3, 4: queue: managers converge on one order without duplicates after lost and late writes', (t) => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const shared = new Shared();
    const skew = [0, -3_000, 40_000];
    let at = 0;
    const queues = Array.from({ length: managers }, () => new Queue());
    const seen = Array.from({ length: managers }, () => 0);
    /** The manager at which each visitor's request waits, and the function that ends the wait. */
    const asking = new Map<number, { manager: number; part: (at: number) => void }>();
    const now = (index: number) => 1_000_000 + at + skew[index]!;
    const hear = (index: number) => {
      queues[index]!.observe(shared.queue, now(index));
      seen[index] = shared.version;
    };
    const stop = (visitor: number) => {
      asking.get(visitor)?.part(at);
      asking.delete(visitor);
    };
    const perform = (one: Step) => {
      if (one.do === 'pass') {
        at += one.ms;
        return;
      }
      const queue = queues[one.manager]!;
      if (one.do === 'hear') hear(one.manager);
      if (one.do === 'write' && shared.write(queue, now(one.manager), at, seen[one.manager]!)) hear(one.manager);
      // A write may be lost, on the way there or back.
      if (one.do === 'lose') queue.changes(now(one.manager), at);
      if (one.do === 'kill') {
        for (const [visitor, { manager }] of [...asking]) if (manager === one.manager) asking.delete(visitor);
        queues[one.manager] = new Queue();
        hear(one.manager);
      }
      if (!('visitor' in one)) return;
      const visitor = `v${one.visitor}`;
      stop(one.visitor);
      if (one.do === 'ask') {
        asking.set(one.visitor, { manager: one.manager, part: queue.enter(visitor, now(one.manager)) });
      }
      if (one.do === 'leave') queue.leave(visitor);
      if (one.do === 'serve') queue.serve(visitor);
    };
    const line = (queue: Queue) => queue.visitors(at);
    for (const one of steps) {
      perform(one);
      for (const queue of queues) {
        const visitors = line(queue);
        if (new Set(visitors).size < visitors.length) throw new Error(`twice in the queue: ${visitors}`);
      }
      for (const [visitor, { manager }] of asking) {
        if (!line(queues[manager]!).includes(`v${visitor}`))
          throw new Error(`v${visitor} waits, and is not in the queue`);
      }
    }
    // A minute and a half without changes, in which every read and write arrives.
    for (let second = 0; second < 90; second++) {
      at += 1_000;
      for (let index = 0; index < managers; index++) {
        hear(index);
        if (shared.write(queues[index]!, now(index), at, seen[index]!)) hear(index);
      }
    }
    for (let index = 0; index < managers; index++) hear(index);
    const order = [...shared.positions].sort(([a, x], [b, y]) => x.since - y.since || (a < b ? -1 : 1)).map(([v]) => v);
    const expected = [...asking.keys()].map((visitor) => `v${visitor}`).sort();
    if (`${order.toSorted()}` !== `${expected}`) throw new Error(`stored: ${order}, waiting: ${expected}`);
    for (const queue of queues) {
      if (`${line(queue)}` !== `${order}`) throw new Error(`${line(queue)} instead of ${order}`);
    }
  });
  t.notThrows(() => fc.assert(property, histories(t, { short: 200, long: 20_000 })));
});

test('inv 4: queue: a later request at another manager goes behind', (t) => {
  const property = fc.property(
    fc.array(fc.nat(1), { minLength: 2, maxLength: 12 }),
    fc.integer({ min: -1e6, max: 1e6 }),
    (turns, skew) => {
      const shared = new Shared();
      const queues = [new Queue(), new Queue()];
      turns.forEach((index, turn) => {
        queues[index]!.enter(`v${turn}`, 5_000_000 + index * skew);
        for (const queue of queues) {
          shared.write(queue, 5_000_000, turn, shared.version);
          for (const each of queues) each.observe(shared.queue, 5_000_000);
        }
      });
      for (const queue of queues)
        t.deepEqual(
          queue.visitors(100),
          turns.map((_, turn) => `v${turn}`),
        );
    },
  );
  t.notThrows(() => fc.assert(property, histories(t, quick)));
});

test('queue: a visitor who cancelled does not count again when the stored queue confirms it', (t) => {
  const queue = new Queue();
  queue.enter('a', 1_000)(0);
  queue.leave('a');
  t.deepEqual(queue.visitors(1), []);
  queue.observe(heard([['a', { since: 1_000, seen: undefined }]]), 1_000);
  t.deepEqual(queue.visitors(1), []);
});
