// The output of programs through tmux and in xterm.js: both must show the same screen.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/frontend-browser.ts';
import { ifInstalled } from '../helpers/skip.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';
import { openXterm } from '../helpers/xterm-page.ts';

const test = anyTest as TestFn;

let browser: Browser;
test.before(async () => {
  browser = await launchBrowser();
});
test.after.always(() => browser?.close());

async function start(t: ExecutionContext, size = { cols: 80, rows: 24 }) {
  const manager = await startManager(t);
  const [terminal, xterm] = await Promise.all([startTerminal(t, manager), openXterm(browser, size)]);
  const client = openBrowser(t, terminal.url, { ticket: await manager.ticket(), size });
  client.socket.on('output', (piece) => xterm.write(Buffer.from(piece)));
  await client.sees(prompt);
  const folder = readdirSync(terminal.folder).find((name) => name.startsWith('warmterm-'))!;
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(terminal.folder, folder, 'tmux'), ...args], { encoding: 'utf8' });
  /** The screen in tmux. */
  const pane = () => {
    const rows = plain(tmux('capture-pane', '-p', '-e'))
      .split('\n')
      .map((row) => row.trimEnd());
    return Array.from({ length: size.rows }, (_, at) => rows[at] ?? '');
  };
  /** Both screens once they are equal and `holds` is true; after the timeout, as they are. */
  const same = async (holds: (screen: string) => boolean): Promise<string> => {
    let seen: string[] = [];
    let drawn: string[] = [];
    await eventually(async () => {
      drawn = pane();
      seen = await xterm.rows();
      return (holds(drawn.join('\n')) && seen.join('\n') === drawn.join('\n')) || undefined;
    }).catch(() => {
      t.deepEqual(seen, drawn);
      throw new Error(`What was waited for was not drawn, but this: ${drawn.join('\n')}`);
    });
    return drawn.join('\n');
  };
  return { terminal, client, xterm, pane, same, tmux };
}

// tmux stores line drawing as ASCII letters between SO and SI.
const graphics = '◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·';
const drawLines = (letters: string) => letters.replace(/[`-~]/g, (letter) => graphics[letter.charCodeAt(0) - 0x60]!);
const plain = (captured: string) =>
  stripVTControlCharacters(
    captured.replace(/\x1b\[[\d;:]*m/g, '').replace(/\x0e([^\x0f]*)\x0f?/g, (_, letters) => drawLines(letters)),
  );

// By default xterm.js and tmux 3.3 disagree about widths. Where xterm.js shows one cell of two columns, tmux draws one column
// (an emoji by variation selector, a keycap) or several cells (a skin tone, a spacing vowel sign). tmux places the cursor,
// so the page counts as tmux does (frontend/terminal/widths.ts). A skin tone then appears beside its hand, as in any
// terminal under tmux 3.3. Not tested: U+FEFF, which has no width in either but which xterm.js drops,
// and characters newer than Unicode 14, which tmux on Debian 12 does not draw.
const sheet = {
  ascii: 'abc',
  accents: 'äñø',
  combining: 'e\u0301a\u0308o\u0328',
  'combining, many': 'n\u0303\u0304\u0323',
  greek: 'αβγ',
  hebrew: 'שלום',
  arabic: 'سلام',
  devanagari: 'नमस',
  thai: 'กขค',
  han: '漢字',
  kana: 'かなカナ',
  hangul: '한글',
  fullwidth: 'ＡＢ',
  halfwidth: 'ｱｲ',
  box: '┌─┐│',
  braille: '⠿⣿',
  powerline: '\ue0b0\ue0b2',
  mathematics: '∑∫≠',
  emoji: '😀🚀',
  'emoji of the basic plane': '⌚⚡',
  'emoji, joined': '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  'emoji, joined to one of the basic plane': '\u{1f3f3}\ufe0f\u200d\u{1f308}',
  'heart on fire': '\u2764\ufe0f\u200d\u{1f525}',
  'variation selectors': '\u2764\ufe0f\u26a0\ufe0f\u260e\ufe0e',
  keycap: '1\ufe0f\u20e3',
  flags: '🇩🇪🇫🇷',
  'a flag by tags': '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  'skin tones': '\u{1f44d}\u{1f3fd}\u261d\u{1f3fd}',
  'skin tone, joined': '\u{1f469}\u{1f3fd}\u200d\u{1f680}',
  jamo: '\u1112\u1161\u11ab\u1100\u1161',
  'jamo, after a syllable': '\uac00\u11a8',
  'devanagari, vowel signs': 'हिन्दी नि क्ष',
  'devanagari, joiners': '\u0915\u094d\u200d\u0937\u0915\u094d\u200c\u0937',
  'thai, vowels and tones': 'กำลัง ที่ น้ำ',
  'tamil, bengali, khmer': 'நி বাংলা ខ្មែរ',
  'hebrew, points': '\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd',
  'arabic, marks': '\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f',
  'kana, voiced': '\u304b\u3099\uff76\uff9e',
  'zero-width space and the like': 'a\u200bb\u200cc\u2060d',
  directions: 'a\u200eb\u200fc\u202ad\u202ce',
  'soft hyphen': 'a\u00adb',
  'ideographic variation': '\u845b\u{e0100}',
  hexagrams: '䷀䷁',
  tiles: '🀄⭕',
} as const;

// tmux stores 21 bytes per cell: of this flag, the colour and the first letters.
const kept = (text: string) => text.replace(/(?<=\u{1f3f4}[\u{e0000}-\u{e007f}]{4})[\u{e0000}-\u{e007f}]+/u, '');

test('screens: xterm.js and tmux agree on the width of Unicode characters', async (t) => {
  const { terminal, client, xterm, same } = await start(t, { cols: 80, rows: Object.keys(sheet).length + 3 });
  const lines = Object.values(sheet);
  // tmux reports the column of the cursor after each.
  const script = `clear
while IFS= read -r text <&3; do
  printf '%s' "$text"
  IFS='[;' read -rs -d R -p $'\\e[6n' _ _ column
  printf '|%s\\n' "$((column - 1))"
done 3< sheet
printf 'EN''D\\n'; read -r`;
  writeFileSync(join(terminal.folder, 'sheet'), `${lines.join('\n')}\n`);
  writeFileSync(join(terminal.folder, 'show'), script);
  client.types('bash show\r');
  const screen = (await same((text) => text.includes('END'))).split('\n');
  const measured = await Promise.all(
    Object.entries(sheet).map(async ([what, text], row) => {
      t.true(screen[row]?.startsWith(`${kept(text)}|`), `${what}: ${screen[row]}`);
      return [what, await xterm.columnOf(row, '|')];
    }),
  );
  const counted = Object.keys(sheet).map((what, row) => [what, Number(screen[row]?.split('|')[1])]);
  t.deepEqual(measured, counted);
});

test('screens: a wide character wraps at the last column, a zero-width one does not', async (t) => {
  const { terminal, client, xterm, same } = await start(t);
  const x = 'x'.repeat(79);
  const lines = [
    `${x}漢字`,
    `${x}\u{1f600}\u{1f680}`,
    `${x}e\u0301o\u0308`,
    `${x}\u{1f1e9}\u{1f1ea}!`,
    `${x.slice(1)}漢\ufe0f字`,
  ];
  writeFileSync(join(terminal.folder, 'ends'), `${lines.join('\n')}\n`);
  client.types("clear; cat ends; printf 'EN''D'; read -r\r");
  const rows = (await same((text) => text.includes('END'))).split('\n');
  t.deepEqual(rows.slice(0, 4), [x, '漢字', x, '\u{1f600}\u{1f680}']);
  t.is(await xterm.columnOf(1, '字'), 2);
  t.is(rows[5], 'o\u0308');
});

const vttest = ifInstalled('vttest', test);

for (const [choice, what, least] of [
  ['1', 'cursor movements', 6],
  ['2', 'screen features', 10],
  ['8', 'VT102 features', 10],
] as const) {
  vttest(`vttest, ${what}: xterm.js shows what tmux has drawn, screen by screen`, async (t) => {
    const { client, same, pane, tmux } = await start(t);
    client.types('vttest\r');
    await same((text) => text.includes('Enter choice number'));
    const shell = tmux('display-message', '-p', '#{pane_pid}').trim();
    const program = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim();
    const bytesRead = () => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${program}/io`, 'utf8'))?.[1]);
    const waits = () => / S /.test(readFileSync(`/proc/${program}/stat`, 'utf8'));
    client.types(`${choice}\r`);
    let screens = 0;
    let last = '';
    for (;;) {
      const back = (text: string) => screens > 0 && text.includes('Enter choice number');
      const screen = await same((text) => text !== last && (text.includes('Push <RETURN>') || back(text)));
      if (back(screen)) break;
      screens++;
      last = screen;
      const before = bytesRead();
      client.types('\r');
      // A second Enter on the same screen would be too many, and would leave the program in the menu.
      await eventually(() => (bytesRead() > before && waits()) || undefined);
      await eventually(() => pane().join('\n') !== last || undefined, 2_000).catch(() => {
        // The next screen may look the same.
        last = '';
      });
    }
    t.log(`${screens} screens`);
    t.true(screens >= least, `${screens} screens`);
  });
}
