import test from 'ava';
import { type Answer, createCopyPermission } from '../../../frontend/terminal/copy-permission.ts';

function copying(setting: 'ask' | 'allow' | 'deny') {
  const questions: ((answer: Answer) => void)[] = [];
  const copied: string[] = [];
  let kept: Answer | undefined;
  const copy = createCopyPermission({
    setting: () => setting,
    answered: () => kept,
    keep: (answer) => {
      kept = answer;
    },
    ask: (answer) => questions.push(answer),
    copy: (text) => copied.push(text),
  });
  return { copy, copied, questions, forget: () => (kept = undefined) };
}

test('what is set needs no question', (t) => {
  for (const [setting, expected] of [
    ['allow', ['a', 'b']],
    ['deny', []],
  ] as const) {
    const { copy, copied, questions } = copying(setting);
    copy('a');
    copy('b');
    t.deepEqual(copied, [...expected]);
    t.is(questions.length, 0);
  }
});

test('copy permission: one question at a time, and the last text is copied', (t) => {
  const { copy, copied, questions } = copying('ask');
  copy('a');
  copy('b');
  t.is(questions.length, 1);
  t.deepEqual(copied, []);
  questions[0]?.('allow');
  copy('c');
  t.deepEqual(copied, ['b', 'c']);
  t.is(questions.length, 1);
});

test('copy permission: a refusal applies to this terminal only', (t) => {
  const { copy, copied, questions, forget } = copying('ask');
  copy('a');
  questions[0]?.('deny');
  copy('b');
  t.deepEqual([copied.length, questions.length], [0, 1]);
  forget();
  copy('c');
  t.is(questions.length, 2);
});
