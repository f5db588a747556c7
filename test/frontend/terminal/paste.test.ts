import test from 'ava';
import { createInput } from '../../../frontend/terminal/paste.ts';

function start(ahead?: number) {
  const sent: (string | Uint8Array)[] = [];
  const taken: ((() => void) | undefined)[] = [];
  const input = createInput({
    piece: 4,
    ahead,
    send: (piece, onTaken) => {
      sent.push(piece);
      taken.push(onTaken);
    },
  });
  return { input, sent, taken };
}

test('paste: a key is sent at once, without a message', (t) => {
  const { input, sent, taken } = start(2);
  input('a');
  input('\x1b[A');
  t.deepEqual(sent, ['a', '\x1b[A']);
  t.deepEqual(taken, [undefined, undefined]);
});

test('paste: sends a limited part at a time, in order, as the terminal accepts it', (t) => {
  const { input, sent, taken } = start(2);
  input('abcdefghijklmnop');
  t.deepEqual(sent, ['abcd', 'efgh']);
  taken[0]?.();
  t.deepEqual(sent, ['abcd', 'efgh', 'ijkl']);
  for (const onTaken of taken.slice(1)) onTaken?.();
  t.deepEqual(sent, ['abcd', 'efgh', 'ijkl', 'mnop']);
});

test('paste: a key typed meanwhile follows the paste', (t) => {
  const { input, sent, taken } = start(2);
  input('abcdefghijkl');
  input('z');
  t.deepEqual(sent, ['abcd', 'efgh']);
  for (let at = 0; at < 4; at++) taken[at]?.();
  t.deepEqual(sent, ['abcd', 'efgh', 'ijkl', 'z']);
});

test('paste: a terminal without acknowledgements gets everything', (t) => {
  const { sent, input } = start();
  input('abcdefghij');
  t.deepEqual(sent, ['abcd', 'efgh', 'ij']);
});
