import test from 'ava';
import { cleanPaste } from '../../../frontend/terminal/paste-text.ts';

test('paste: the sequence that ends the shell’s paste mode does not get through', (t) => {
  t.deepEqual(cleanPaste('git clone x\x1b[201~\recho pwned\r'), { text: 'git clone x[201~\recho pwned\r', dropped: 1 });
});

test('paste: control characters are dropped and counted', (t) => {
  t.deepEqual(cleanPaste('a\x03b\x04\x7f\x9bc\x00'), { text: 'abc', dropped: 5 });
});

test('paste: tabs, line ends and all other characters stay', (t) => {
  const text = '\tif x:\n\r\n  é 漢 🙂 \u200d\u00a0';
  t.deepEqual(cleanPaste(text), { text, dropped: 0 });
});
