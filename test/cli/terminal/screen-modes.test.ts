import test from 'ava';
import { stayOnMainScreen } from '../../../cli/terminal/main-screen.ts';
import { followModes } from '../../../cli/terminal/screen-modes.ts';

const cases: [string, string[], string][] = [
  ['nothing was shown', [], ''],
  ['plain text', ['hi'], '\x1b[0m'],
  ['tmux is cut off', ['\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[?25l'], '\x1b[?1l\x1b[?25h\x1b>\x1b[0m\x1b[?1049l'],
  ['what was taken back is not taken back again', ['\x1b[?1049h\x1b[?1049l\x1b[?25l\x1b[?25h'], '\x1b[0m'],
  ['several in one', ['\x1b[?1000;1006h'], '\x1b[?1000l\x1b[?1006l\x1b[0m'],
  ['cut in the middle', ['\x1b[?20', '04h'], '\x1b[?2004l\x1b[0m'],
];

for (const [title, output, reset] of cases) {
  test(`screen modes: ${title}`, (t) => {
    const modes = followModes();
    for (const text of output) modes.follow(Buffer.from(text));
    t.is(modes.reset(), reset);
  });
}

test('main-screen: removes the switch to the alternate screen, however it is split', (t) => {
  const text = 'a\x1b[?1049h\x1b[22;0;0tb\x1b[?1hc\x1b[?1049ld\x1b[23;0;0te\x1b[1m\x1b[?1048h';
  const expected = '\n\n\na' + 'b\x1b[?1hcde\x1b[1m\x1b[?1048h';
  for (let cut = 0; cut <= text.length; cut++) {
    const main = stayOnMainScreen(3);
    const parts = [text.slice(0, cut), text.slice(cut)].map((part) => Buffer.from(main.filter(Buffer.from(part))));
    t.is(Buffer.concat(parts).toString(), expected, `cut at ${cut}`);
  }
});

test('main-screen: keeps bytes that are not text', (t) => {
  const bytes = Buffer.from([0xff, 0xc3, 0xa4, 0x00, 0x1b, 0x5b, 0x6d]);
  t.deepEqual(Buffer.from(stayOnMainScreen(0).filter(bytes)), bytes);
});
