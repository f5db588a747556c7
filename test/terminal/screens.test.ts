// What programs draw, through tmux and onto xterm.js: both must see the same screen.

import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/frontend-browser.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';
import { openXterm } from '../helpers/xterm-page.ts';

const test = anyTest as TestFn;
const size = { cols: 80, rows: 24 };

let browser: Browser;
test.before(async () => {
  browser = await launchBrowser();
});
test.after.always(() => browser?.close());

async function start(t: ExecutionContext) {
  const manager = await startManager(t);
  const [terminal, xterm] = await Promise.all([startTerminal(t, manager), openXterm(browser, size)]);
  const client = openBrowser(t, terminal.url, { ticket: await manager.ticket(), size });
  client.socket.on('output', (piece) => xterm.write(Buffer.from(piece)));
  await client.sees(prompt);
  const folder = readdirSync(terminal.folder).find((name) => name.startsWith('warmterm-'))!;
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(terminal.folder, folder, 'tmux'), ...args], { encoding: 'utf8' });
  /** The screen as tmux has it. */
  const pane = () => {
    const rows = plain(tmux('capture-pane', '-p', '-e'))
      .split('\n')
      .map((row) => row.trimEnd());
    return Array.from({ length: size.rows }, (_, at) => rows[at] ?? '');
  };
  /** Both screens, once they are the same and `holds` of them; else as they are in the end. */
  const same = async (holds: (screen: string) => boolean): Promise<string> => {
    let seen: string[] = [];
    let drawn: string[] = [];
    await eventually(async () => {
      drawn = pane();
      seen = await xterm.rows();
      return (holds(drawn.join('\n')) && seen.join('\n') === drawn.join('\n')) || undefined;
    }).catch(() => t.deepEqual(seen, drawn));
    return drawn.join('\n');
  };
  return { terminal, client, xterm, pane, same };
}

// tmux keeps line drawing as the letters that stand for it, between SO and SI.
const graphics = '◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·';
const drawLines = (letters: string) => letters.replace(/[`-~]/g, (letter) => graphics[letter.charCodeAt(0) - 0x60]!);
const plain = (captured: string) =>
  stripVTControlCharacters(
    captured.replace(/\x1b\[[\d;:]*m/g, '').replace(/\x0e([^\x0f]*)\x0f?/g, (_, letters) => drawLines(letters)),
  );

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
} as const;

test('a sheet of Unicode takes as many columns on xterm.js as tmux counts', async (t) => {
  const { terminal, client, xterm, same } = await start(t);
  const lines = Object.values(sheet);
  // tmux itself says in which column the cursor is after each.
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
      t.true(screen[row]?.startsWith(`${text}|`), `${what}: ${screen[row]}`);
      return [what, await xterm.columnOf(row, '|')];
    }),
  );
  const counted = Object.keys(sheet).map((what, row) => [what, Number(screen[row]?.split('|')[1])]);
  t.deepEqual(measured, counted);
});

const vttest = spawnSync('vttest', ['-V']).error === undefined ? test : test.skip;

for (const [choice, what, least] of [
  ['1', 'cursor movements', 6],
  ['2', 'screen features', 10],
  ['8', 'VT102 features', 10],
] as const) {
  vttest(`vttest, ${what}: xterm.js shows what tmux has drawn, screen by screen`, async (t) => {
    const { client, same, pane } = await start(t);
    client.types('vttest\r');
    await same((text) => text.includes('Enter choice number'));
    client.types(`${choice}\r`);
    let screens = 0;
    let last = '';
    for (;;) {
      const back = (text: string) => screens > 0 && text.includes('Enter choice number');
      const screen = await same((text) => text !== last && (text.includes('Push <RETURN>') || back(text)));
      if (back(screen)) break;
      screens++;
      last = screen;
      client.types('\r');
      await eventually(() => pane().join('\n') !== last || undefined, 2_000).catch(() => {
        // The next screen may look the same.
        last = '';
      });
    }
    t.log(`${screens} screens`);
    t.true(screens >= least, `${screens} screens`);
  });
}
