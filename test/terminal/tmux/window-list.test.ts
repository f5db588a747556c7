import test from 'ava';
import { maxPanes, maxReported, maxWindows, plainName } from '../../../common/windows.ts';
import { literalFormat, quoteWord, readPanes, report } from '../../../terminal/tmux/window-list.ts';
import { planRequest } from '../../../terminal/tmux/windows.ts';

const line = (window: number, pane: number, name = 'bash', active = false) =>
  `@${window} ${active ? 1 : 0} 0 1 0 %${pane} 1 ${100 + pane} ${name}`;

test('window list: panes are grouped by window, and a name may contain blanks', (t) => {
  const { windows, panes } = readPanes(`${line(1, 1, 'two  words ')}\n${line(1, 2)}\n${line(3, 3, '', true)}`);
  t.deepEqual(
    windows.map(({ id, name, active, panes: of }) => [id, name, active, of.length]),
    [
      ['@1', 'two  words', false, 2],
      ['@3', '', true, 1],
    ],
  );
  t.deepEqual(panes[2], { id: '%3', window: '@3', pid: 103 });
});

test('window list: invalid lists and repeated windows are accepted without an error', (t) => {
  t.deepEqual(readPanes('').windows, []);
  t.deepEqual(readPanes('no list\nat all').windows, []);
  t.is(readPanes(`${line(1, 1)}\n${line(1, 1)}`).windows[0]?.panes.length, 1);
});

test('window list: a report is bounded, and has the active window', (t) => {
  const { windows } = readPanes(
    Array.from({ length: 500 }, (_, at) => line(at, at, 'x'.repeat(1_000), at === 400)).join('\n'),
  );
  const shown = report(windows);
  t.is(shown.length, maxReported);
  t.true(shown.some(({ active }) => active));
  t.true(JSON.stringify(shown).length < 65_536);
});

test('window list: names are plain text', (t) => {
  t.is(plainName('\x1b]0;a\x07b\u202ec\u2028d\n'), ']0;abcd');
  t.is([...plainName('😀'.repeat(100))].length, 40);
});

test('window list: a name is one word of a command, and a format that expands to itself', (t) => {
  t.is(quoteWord(`it's; "$x" \\`), `'it'"'"'s; "$x" \\'`);
  t.is(literalFormat('#(id) a##b #[x] ##[ #'), '##(id) a####b #[x] ##[ ##');
});

test('window plan: limits the number of windows and panes', (t) => {
  const full = readPanes(Array.from({ length: maxWindows }, (_, at) => line(at, at)).join('\n'));
  t.like(planRequest({ do: 'new' }, full, '$0'), { code: 'full' });
  const panes = readPanes(Array.from({ length: maxPanes }, (_, at) => line(1, at)).join('\n'));
  t.like(planRequest({ do: 'new' }, panes, '$0'), { code: 'full' });
  t.like(planRequest({ do: 'split', pane: '%1', to: 'right' }, panes, '$0'), { code: 'full' });
});

test('window plan: a program in any pane prevents closing its window', (t) => {
  const known = readPanes(`${line(1, 1)}\n${line(1, 2)}\n${line(2, 3)}`);
  const program = (pid: number) => (pid === 102 ? 'vim' : undefined);
  t.like(planRequest({ do: 'close', window: '@1' }, known, '$0', program), { code: 'busy', program: 'vim' });
  t.is(planRequest({ do: 'close', window: '@1', force: true }, known, '$0', program), "kill-window -t '@1'");
  t.is(planRequest({ do: 'close', window: '@2' }, known, '$0', program), "kill-window -t '@2'");
  t.is(planRequest({ do: 'close-pane', pane: '%1' }, known, '$0', program), "kill-pane -t '%1'");
});

test('window plan: with one window there is no next one', (t) => {
  t.is(planRequest({ do: 'step', to: 'next' }, readPanes(line(1, 1)), '$0'), null);
});
