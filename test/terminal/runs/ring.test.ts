import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Ring, type Segment, segments } from '../../../terminal/runs/ring.ts';

const folderOf = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ring-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const cases: [offset: number, length: number, size: number, Segment[]][] = [
  [0, 0, 10, []],
  [0, 10, 10, [{ at: 0, start: 0, length: 10 }]],
  [10, 3, 10, [{ at: 0, start: 0, length: 3 }]],
  [8, 2, 10, [{ at: 8, start: 0, length: 2 }]],
  [
    8,
    3,
    10,
    [
      { at: 8, start: 0, length: 2 },
      { at: 0, start: 2, length: 1 },
    ],
  ],
  [
    25,
    10,
    10,
    [
      { at: 5, start: 0, length: 5 },
      { at: 0, start: 5, length: 5 },
    ],
  ],
  [2 ** 52 + 1, 1, 2, [{ at: 1, start: 0, length: 1 }]],
];
for (const [offset, length, size, wanted] of cases) {
  test(`segments: ${length} bytes from ${offset} on in a ring of ${size}`, (t) => {
    t.deepEqual(segments(offset, length, size), wanted);
  });
}

test('ring: property: equals a plain buffer for any order of writes and reads', (t) => {
  const folder = folderOf(t);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }),
      fc.infiniteStream(fc.nat()),
      (size, pieces, random) => {
        const ring = new Ring(join(folder, 'ring'), size);
        let all = Buffer.alloc(0);
        for (const piece of pieces) {
          const complete = ring.append(piece);
          all = Buffer.concat([all, piece]);
          if (!complete || ring.to !== all.length || ring.from !== Math.max(0, all.length - size)) return false;
          const offset = ring.from + ((random.next().value ?? 0) % (ring.to - ring.from + 1));
          const length = (random.next().value ?? 0) % 60;
          if (!ring.read(offset, length).equals(all.subarray(offset, offset + length))) return false;
        }
        ring.close();
        return true;
      },
    ),
  );
  t.deepEqual(readdirSync(folder), [], 'nothing has a name');
});

test('ring: refuses to read dropped or future bytes', (t) => {
  const ring = new Ring(join(folderOf(t), 'ring'), 4);
  ring.append(Buffer.from('abcdef'));
  t.is(ring.read(2, 100).toString(), 'cdef');
  t.throws(() => ring.read(1, 1), { instanceOf: RangeError });
  t.throws(() => ring.read(7, 1), { instanceOf: RangeError });
  t.is(ring.read(6, 1).length, 0);
  ring.close();
});

test('ring: a full disk drops the bytes', (t) => {
  const ring = new Ring(join(folderOf(t), 'ring'), 4);
  ring.append(Buffer.from('ab'));
  ring.close();
  t.false(ring.append(Buffer.from('cd')));
  t.deepEqual([ring.from, ring.to], [4, 4]);
});
