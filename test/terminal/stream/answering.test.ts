import test from 'ava';
import { createAnswering } from '../../../terminal/stream/answering.ts';

const answer = '\x1b[0n';

test('answering: only the browser that typed or attached last answers', (t) => {
  const { takes, attached, detached } = createAnswering<string>();
  attached('first');
  t.true(takes('first', answer));
  attached('second');
  t.true(takes('second', '\x1b[?1;2c'));
  t.false(takes('first', answer));
  t.true(takes('first', 'ls\r'));
  t.true(takes('first', answer));
  t.false(takes('second', answer));
  detached('first');
  t.true(takes('second', answer));
});

test('focus reports are taken from every browser', (t) => {
  const { takes, attached } = createAnswering<string>();
  attached('first');
  attached('second');
  t.true(takes('first', '\x1b[O'));
  t.true(takes('first', '\x1b[I'));
});
