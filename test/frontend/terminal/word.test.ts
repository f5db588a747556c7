import test from 'ava';
import { wordAt } from '../../../frontend/terminal/word.ts';

const selects = test.macro({
  exec(t, line: string, column: number, word: string) {
    const { from, to } = wordAt([...line], column);
    t.is([...line].slice(from, to + 1).join(''), word);
  },
  title: (_, line, column, word) => `at ${column} of ${JSON.stringify(line)}: ${JSON.stringify(word)}`,
});

test(selects, 'ls ~/notes.txt | wc', 5, '~/notes.txt');
test(selects, 'ls ~/notes.txt | wc', 0, 'ls');
test(selects, 'ls ~/notes.txt | wc', 18, 'wc');
test(selects, 'ls ~/notes.txt | wc', 2, ' ');
test(selects, 'echo "a b"', 6, 'a');
test(selects, '(--flag=1)', 4, '--flag=1');
test(selects, '漢漢字字 x', 1, '漢漢字字');
test(selects, '', 3, '');
