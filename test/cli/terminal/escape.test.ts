import test from 'ava';
import { createEscape } from '../../../cli/terminal/escape.ts';

const cases: [string, string[], string, boolean][] = [
  ['at the beginning', ['~.'], '', true],
  ['after Enter', ['ls\r~.'], 'ls\r', true],
  ['key by key', ['\r', '~', '.'], '\r', true],
  ['within a line it is text', ['a~.'], 'a~.', false],
  ['twice is once', ['\r~~.'], '\r~.', false],
  ['another key is passed on', ['\r~x'], '\r~x', false],
  ['a tilde and Enter', ['~\r~.'], '~\r', true],
];

for (const [title, typed, sent, leaves] of cases) {
  test(`escape: ${title}`, (t) => {
    const escape_ = createEscape();
    let [text, left] = ['', false];
    for (const keys of typed) {
      const { bytes, leave } = escape_.feed(Buffer.from(keys));
      text += Buffer.from(bytes).toString();
      left ||= leave;
    }
    t.deepEqual([text, left], [sent, leaves]);
  });
}
