import test from 'ava';
import { cutInput } from '../../../frontend/terminal/cut-input.ts';

test('short input stays whole, none is none', (t) => {
  t.deepEqual([...cutInput('ls', 4)], ['ls']);
  t.deepEqual([...cutInput('', 4)], []);
});

test('cut input: long input is split without loss', (t) => {
  t.deepEqual([...cutInput('abcdefghij', 4)], ['abcd', 'efgh', 'ij']);
  t.deepEqual([...cutInput(Uint8Array.of(1, 2, 3), 2)], [Uint8Array.of(1, 2), Uint8Array.of(3)]);
});

test('cut input: a surrogate pair stays in one piece', (t) => {
  t.deepEqual([...cutInput('abc😀def', 4)], ['abc', '😀de', 'f']);
  t.deepEqual([...cutInput('😀😀😀', 3)], ['😀', '😀', '😀']);
});
