import test from 'ava';
import { PlainTail } from '../../../terminal/stream/plain-tail.ts';

const tailOf = (...pieces: (string | Buffer)[]): string => {
  const tail = new PlainTail();
  for (const piece of pieces) tail.push(Buffer.from(piece));
  return tail.text;
};

for (const [what, pieces, text] of [
  ['text stays as it is', ['one\n\ttwo\n'], 'one\n\ttwo\n'],
  ['colours, titles and bells are left out', ['\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x07x\x00\n'], 'red x\n'],
  ['a line that is written over is shown as it was last', ['10 %\r50 %\r100 %\n'], '100 %\n'],
  ['... and one that is about to be, as it is', ['10 %\r'], '10 %'],
  ['line ends of DOS are line ends', ['a\r\nb\r\n'], 'a\nb\n'],
  ['a character may come in two pieces', [Buffer.from([0xc3]), Buffer.from([0xa9])], 'é'],
  ['a control sequence may come in two pieces', ['a\x1b[3', '1mb'], 'ab'],
] as const) {
  test(what, (t) => {
    t.is(tailOf(...pieces), text);
  });
}

test('plain-tail: keeps the end of long output', (t) => {
  const tail = new PlainTail();
  for (let line = 0; line < 10_000; line++) tail.push(Buffer.from(`line ${line}\n`));
  t.true(tail.text.endsWith('line 9998\nline 9999\n'));
  t.is(tail.text.length, 4_000);
});
