import test from 'ava';
import { pageTitle, queueTitle } from '../../../frontend/terminal/title.ts';

const titled = test.macro({
  exec(t, fromShell: string, expected: string) {
    t.is(pageTitle(fromShell), expected);
  },
  title: (_, fromShell: string) => `${JSON.stringify(fromShell.slice(0, 30))} as a title`,
});

test(titled, '', 'warmterm');
test(titled, ' \u200b\n', 'warmterm');
test(titled, 'vim notes.txt', 'vim notes.txt');
test(titled, 'two\nlines\u202e and\ttricks', 'two lines and tricks');
test(titled, 'x'.repeat(200), `${'x'.repeat(99)}…`);
test(titled, '😀'.repeat(150), `${'😀'.repeat(99)}…`);

test('title: a waiting tab shows its position', (t) => {
  t.deepEqual(
    [1, 12].map((place) => queueTitle({ place })),
    ['Next · warmterm', 'Number 12 · warmterm'],
  );
});
