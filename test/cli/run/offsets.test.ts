import test from 'ava';
import { Offsets } from '../../../cli/run/offsets.ts';

const piece = (offset: number, text: string, stream: 'stdout' | 'stderr' = 'stdout') => ({
  stream,
  offset,
  bytes: Buffer.from(text),
});
const read = (offsets: Offsets, ...args: Parameters<typeof piece>) => String(offsets.accept(piece(...args)));

test('offsets: removes repeated bytes for each stream', (t) => {
  const offsets = new Offsets();
  t.is(read(offsets, 0, 'abc'), 'abc');
  t.is(read(offsets, 0, 'err', 'stderr'), 'err');
  t.is(read(offsets, 1, 'bcde'), 'de');
  t.is(read(offsets, 0, 'abc'), '');
  t.is(read(offsets, 5, 'f'), 'f');
  t.deepEqual(offsets.at, { stdout: 6, stderr: 3 });
});

test('offsets: an unreported gap is an error and changes nothing', (t) => {
  const offsets = new Offsets({ stdout: 2, stderr: 0 });
  t.throws(() => offsets.accept(piece(3, 'x')), { message: /1 bytes of stdout are missing/ });
  t.is(offsets.at.stdout, 2);
});

test('offsets: a reported gap is counted once', (t) => {
  const offsets = new Offsets();
  t.is(offsets.skip({ stream: 'stdout', to: 10 }), 10);
  t.is(offsets.skip({ stream: 'stdout', to: 10 }), 0);
  t.is(read(offsets, 10, 'x'), 'x');
});
