import test from 'ava';
import fc from 'fast-check';
import { ControlParser } from '../../../terminal/tmux/control-mode.ts';
import { showsPrompt } from '../../../terminal/tmux/warm-up.ts';
import { histories, quick } from '../../helpers/long.ts';

const conversation = [
  '%begin 1 260 0',
  '%end 1 260 0',
  '%window-add @0',
  '%session-changed $0 main',
  '%output %0 %end 1 1 1',
  '%begin 1 266 1',
  '0 $0',
  'second line',
  '%end 1 266 1',
  '%begin 1 267 1',
  'no such command',
  '%error 1 267 1',
  '%unlinked-window-close @1',
  '%unlinked-window-closed @1',
  '%begin 1 268 1',
  '%window-renamed @1 what a program prints',
  '%end 1 268 1',
  '%exit',
  '',
].join('\n');

const said = [
  { kind: 'windows' },
  { kind: 'attached' },
  { kind: 'output' },
  { kind: 'answer', failed: false, text: '0 $0\nsecond line' },
  { kind: 'answer', failed: true, text: 'no such command' },
  { kind: 'windows' },
  { kind: 'answer', failed: false, text: '%window-renamed @1 what a program prints' },
];

test('control-mode: tells answers from other output', (t) => {
  t.deepEqual(new ControlParser().push(conversation), said as never);
});

test('control-mode: accepts any split into pieces', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(conversation.length)), (cuts) => {
      const parser = new ControlParser();
      const at = [0, ...cuts.sort((a, b) => a - b), conversation.length];
      const all = at.slice(1).flatMap((end, i) => parser.push(conversation.slice(at[i], end)));
      return JSON.stringify(all) === JSON.stringify(said);
    }),
    histories(t, quick),
  );
  t.pass();
});

test('warm-up: a prompt leaves the cursor to the right of the first column', (t) => {
  t.true(showsPrompt('2 0'));
  for (const pane of ['0 0', '5 1', '', 'x y']) t.false(showsPrompt(pane), pane);
});
