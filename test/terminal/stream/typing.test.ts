import test from 'ava';
import { isPassive, isTyping } from '../../../terminal/stream/typing.ts';

const typed = [
  'a',
  '\r',
  '\x03',
  '\x1b',
  '\x1b[A',
  '\x1bOP',
  '\x1b[200~pasted\x1b[201~',
  '\x1b[<0;10;20M',
  'é',
  '\x1b[Ix',
];
for (const input of typed) test(`${JSON.stringify(input)} was typed`, (t) => t.true(isTyping(input)));

const reports = [
  '\x1b[I',
  '\x1b[O',
  '\x1b[?1;2c',
  '\x1b[>0;276;0c',
  '\x1b[24;80R',
  '\x1b[?2026;2$y',
  '\x1b]11;rgb:0000/0000/0000\x1b\\',
  '\x1b]10;rgb:ffff/ffff/ffff\x07',
  '\x1bP>|xterm.js(6.0.0)\x1b\\',
  '\x1b[?1;2c\x1b[>0;276;0c',
  '',
];
for (const input of reports) test(`${JSON.stringify(input)} was not typed`, (t) => t.false(isTyping(input)));

test('typing: binary input is the mouse', (t) => t.true(isTyping(new Uint8Array([27, 91, 77, 32, 200, 200]))));

for (const input of ['\x1b[I', '\x1b[O', '\x1b[<35;10;20M', '\x1b[<35;10;20M\x1b[<35;11;20M'])
  test(`${JSON.stringify(input)} is passive`, (t) => t.true(isPassive(input)));
for (const input of ['a', '\x1b', '\x1b[<0;10;20M', '\x1b[<64;10;20M', '\x1b[<35;1;1Mx'])
  test(`${JSON.stringify(input)} is not passive`, (t) => t.false(isPassive(input)));
