// What each key sends, in a real Chromium, compared with xterm's table
// (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-PC-Style-Function-Keys).
//
// Browsers keep some keys for themselves, so that no page gets them: Ctrl+N, Ctrl+T, Ctrl+W, Ctrl+Tab and Ctrl+PageUp or PageDown
// outside of full screen, Alt+F4, and the keys of the window manager. The page's own keys are in shortcuts.test.ts. Here every key
// arrives, since a headless browser has no window.

import test from 'ava';
import { shareBrowser, until } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';

const browser = shareBrowser(test);

const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const code = (letter: string) => String.fromCharCode(letter.charCodeAt(0) & 0x1f);
const modifiers = { Shift: 2, Alt: 3, 'Alt+Shift': 4, Control: 5, 'Control+Shift': 6, 'Control+Alt': 7 } as const;

const plain: Record<string, string> = {
  ...{
    Enter: '\r',
    Tab: '\t',
    'Shift+Tab': '\x1b[Z',
    Backspace: '\x7f',
    Escape: '\x1b',
    Delete: '\x1b[3~',
    Insert: '\x1b[2~',
  },
  ...{
    ArrowUp: '\x1b[A',
    ArrowDown: '\x1b[B',
    ArrowRight: '\x1b[C',
    ArrowLeft: '\x1b[D',
    Home: '\x1b[H',
    End: '\x1b[F',
  },
  ...{ PageUp: '\x1b[5~', PageDown: '\x1b[6~', F1: '\x1bOP', F2: '\x1bOQ', F3: '\x1bOR', F4: '\x1bOS', F5: '\x1b[15~' },
  ...{
    F6: '\x1b[17~',
    F7: '\x1b[18~',
    F8: '\x1b[19~',
    F9: '\x1b[20~',
    F10: '\x1b[21~',
    F11: '\x1b[23~',
    F12: '\x1b[24~',
  },
  ...{ 'Alt+Enter': '\x1b\r', 'Alt+Backspace': '\x1b\x7f', 'Control+Backspace': '\b', 'Alt+Escape': '\x1b\x1b' },
};
const controls: Record<string, string> = {
  ...Object.fromEntries(letters.map((letter) => [`Control+${letter}`, code(letter)])),
  ...{ 'Control+Space': '\x00', 'Control+@': '\x00', 'Control+2': '\x00', 'Control+[': '\x1b', 'Control+3': '\x1b' },
  ...{ 'Control+\\': '\x1c', 'Control+4': '\x1c', 'Control+]': '\x1d', 'Control+5': '\x1d', 'Control+^': '\x1e' },
  ...{ 'Control+6': '\x1e', 'Control+_': '\x1f', 'Control+/': '\x1f', 'Control+7': '\x1f', 'Control+8': '\x7f' },
};
const metas = Object.fromEntries([...letters, ...'0123456789.,/;-='].map((key) => [`Alt+${key}`, `\x1b${key}`]));
const modified = Object.fromEntries(
  Object.entries(modifiers).flatMap(([modifier, parameter]) => [
    ...Object.entries({
      ArrowUp: 'A',
      ArrowDown: 'B',
      ArrowRight: 'C',
      ArrowLeft: 'D',
      Home: 'H',
      End: 'F',
      F1: 'P',
      F4: 'S',
    }).map(([key, letter]) => [`${modifier}+${key}`, `\x1b[1;${parameter}${letter}`]),
    ...Object.entries({ F5: 15, F12: 24, Delete: 3 }).map(([key, n]) => [
      `${modifier}+${key}`,
      `\x1b[${n};${parameter}~`,
    ]),
  ]),
);

for (const [what, keys] of Object.entries({ plain, controls, metas, modified })) {
  test.serial(`keyboard: ${what}`, async (t) => {
    const { page, terminal } = await openPage(t, browser());
    await page.locator('.xterm-helper-textarea').focus();
    const sent: Record<string, string> = {};
    for (const key of Object.keys(keys)) {
      terminal.inputs.length = 0;
      await page.keyboard.press(key);
      // The arrival of the next key shows that the page has handled this one.
      await page.keyboard.press('q');
      await until(() => terminal.inputs.join('').endsWith('q'), key);
      sent[key] = terminal.inputs.join('').slice(0, -1);
    }
    t.deepEqual(sent, keys);
  });
}
