import test from 'ava';
import { isFromKeyboard } from '../../../frontend/terminal/from-keyboard.ts';

test('from keyboard: typed and pasted data counts', (t) => {
  for (const data of [
    'a',
    '\r',
    '\x1b',
    '\x1b[A',
    '\x1bOA',
    '\x1b[1;5C',
    '\x1b[5~',
    '\x1bf',
    '\x1b[200~text\x1b[201~',
    '漢',
  ]) {
    t.true(isFromKeyboard(data), JSON.stringify(data));
  }
});

test('from keyboard: mouse, focus and answers to programs do not count', (t) => {
  const own = [
    '\x1b[<64;10;5M',
    '\x1b[M !!',
    '\x1b[I',
    '\x1b[O',
    '\x1b[?1;2c',
    '\x1b[>0;276;0c',
    '\x1b[12;40R',
    '\x1b[0n',
  ];
  for (const data of [...own, '\x1b[?2004;1$y', '\x1b]11;rgb:00/00/00\x1b\\', '\x1bP1$r0m\x1b\\']) {
    t.false(isFromKeyboard(data), JSON.stringify(data));
  }
});
