import test from 'ava';
import { countLines, needsAsking } from '../../../frontend/terminal/paste-lines.ts';

const counts = test.macro({
  exec(t, text: string, lines: number) {
    t.is(countLines(text), lines);
  },
  title: (_, text, lines) => `${JSON.stringify(text)} has ${lines} lines`,
});

test(counts, '', 1);
test(counts, 'ls', 1);
test(counts, 'ls\n', 1);
test(counts, 'ls\r\n', 1);
test(counts, 'ls\npwd', 2);
test(counts, 'ls\r\npwd\r\n', 2);
test(counts, 'ls\rpwd\r', 2);
test(counts, 'ls\n\npwd', 3);

test('paste: asks before lines that run at once, and before many lines', (t) => {
  t.deepEqual(
    [1, 2, 19, 20].map((lines) => [needsAsking(lines, false), needsAsking(lines, true)]),
    [
      [false, false],
      [true, false],
      [true, false],
      [true, true],
    ],
  );
});
