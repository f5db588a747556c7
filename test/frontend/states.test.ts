// Every state of the page, as a person meets it: what is said, that axe finds nothing wrong in it, and a picture to look at.

import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { ServiceError } from '../../common/errors.ts';
import { endReasons } from '../../common/socket.ts';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { launchBrowser, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';
import type { TerminalDouble } from '../helpers/frontend-terminal.ts';

let browser: Browser;
test.before(async () => {
  browser = await launchBrowser();
});
test.after.always(() => browser?.close());

const visitor = { colorScheme: 'dark' } as const;
const work = '\x1b[32mvisitor@terminal\x1b[0m:\x1b[34m~/work\x1b[0m$ make\r\ncc -O2 -c main.c\r\ncc -o tool main.o\r\n';
const busy = (terminal: TerminalDouble) => {
  terminal.greet = (socket) => socket.emit('output', Buffer.from(work));
};
const schemes = ['dark', 'light', 'contrast'] as const;

/** axe in each of the looks; the picture is of the dark one. */
async function judge(page: Page, name: string): Promise<string[]> {
  const problems: string[] = [];
  for (const scheme of schemes) {
    await page.emulateMedia({
      colorScheme: scheme === 'light' ? 'light' : 'dark',
      contrast: scheme === 'contrast' ? 'more' : 'no-preference',
    });
    await page.locator(`html[data-theme="${scheme}"]`).waitFor({ state: 'attached' });
    // What fades in has no contrast yet.
    await page.evaluate(
      'Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished))',
    );
    if (scheme === 'dark') await takeScreenshot(page, name);
    problems.push(...(await accessibilityProblems(page)).map((problem) => `${scheme}: ${problem}`));
  }
  return problems;
}

test.serial('connecting', async (t) => {
  const { page } = await openPage(t, browser, {
    visitor,
    until: 'connecting',
    prepare: ({ page: opening }) => opening.route('**/api/terminals', () => {}),
  });
  await page.getByRole('heading', { name: 'Connecting' }).waitFor();
  t.deepEqual(await judge(page, 'state-connecting'), []);
});

for (const code of ['unavailable', 'too-many-requests'] as const) {
  test.serial(`waiting: ${code}`, async (t) => {
    const { page } = await openPage(t, browser, {
      visitor,
      until: 'waiting',
      prepare: ({ webserver: { manager } }) => {
        manager.misbehave = () => new ServiceError(code, 'You have four terminals already.', { retryAfter: 3_000 });
      },
    });
    await page.getByRole('button', { name: 'Try now' }).waitFor();
    t.deepEqual(await judge(page, `state-waiting-${code}`), []);
  });
}

test.serial('in line', async (t) => {
  const { page } = await openPage(t, browser, {
    visitor,
    until: 'queued',
    prepare: ({ webserver: { manager } }) => manager.moveTo({ place: 3, waiting: 5, expectedSeconds: 230 }),
  });
  await page.getByRole('heading', { name: 'You are number 3 in line' }).waitFor();
  t.deepEqual(await judge(page, 'state-in-line'), []);
});

test.serial('reconnecting', async (t) => {
  const { page, terminal } = await openPage(t, browser, { visitor, prepare: (parts) => busy(parts.terminal) });
  await waitForScreen(page, 'cc -o tool');
  await terminal.close();
  await page.getByText(/Trying again in [3-5] s/).waitFor();
  t.deepEqual(await judge(page, 'state-reconnecting'), []);
});

for (const [reason, words] of [
  ['idle', 'Still there?'],
  ['lifetime', 'The time of this terminal is up'],
] as const) {
  test.serial(`a warning of the end: ${reason}`, async (t) => {
    const { page, terminal } = await openPage(t, browser, { visitor, prepare: (parts) => busy(parts.terminal) });
    await waitForScreen(page, 'cc -o tool');
    for (const socket of terminal.sockets) socket.emit('ending', { reason, inMs: 45_000 });
    await page.getByText(words).first().waitFor();
    t.deepEqual(await judge(page, `state-warning-${reason}`), []);
  });
}

for (const reason of endReasons) {
  test.serial(`ended: ${reason}`, async (t) => {
    const { page, terminal } = await openPage(t, browser, { visitor, prepare: (parts) => busy(parts.terminal) });
    await waitForScreen(page, 'cc -o tool');
    for (const socket of terminal.sockets) socket.emit('ended', reason);
    await waitForState(page, 'ended');
    await page.getByRole('button', { name: 'Start a new terminal' }).waitFor();
    t.deepEqual(await judge(page, `state-ended-${reason}`), []);
  });
}

test.serial('an error that trying again cannot help', async (t) => {
  const { page } = await openPage(t, browser, { visitor, path: '/?renderer=dom&pool=Nonsense', until: 'error' });
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  t.deepEqual(await judge(page, 'state-error'), []);
});

test.serial('a terminal that is not reached', async (t) => {
  const { page } = await openPage(t, browser, {
    visitor,
    environment: { WARMTERM_RELAY: 'never' },
    until: 'waiting',
    prepare: async (parts) => {
      await parts.terminal.close();
    },
  });
  await page.getByRole('button', { name: 'Try now' }).waitFor();
  t.deepEqual(await judge(page, 'state-unreached'), []);
});

test.serial('searching, with a count', async (t) => {
  const { page, terminal } = await openPage(t, browser, {
    visitor,
    prepare: (parts) => {
      busy(parts.terminal);
      let at = 2;
      parts.terminal.find = ({ text, move }) => {
        if (text !== 'main') return { total: text === 'mainx' ? 0 : 9, at: 0 };
        at = move === 'newest' ? 2 : 3 - at;
        return { total: 2, at };
      };
    },
  });
  await waitForScreen(page, 'cc -o tool');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('textbox', { name: 'Find in the terminal' }).pressSequentially('main');
  await page.getByText('2/2').waitFor();
  await page.getByRole('status').filter({ hasText: 'Match 2 of 2' }).waitFor({ state: 'attached' });
  t.deepEqual(await judge(page, 'state-search'), []);
  await page.keyboard.press('Enter');
  await page.getByText('1/2').waitFor();
  await page.keyboard.press('Shift+Enter');
  await page.getByText('2/2').waitFor();
  await page.keyboard.type('x');
  await page.getByText('No match').first().waitFor();
  t.deepEqual(terminal.searches.slice(-3), [
    { text: 'main', move: 'previous' },
    { text: 'main', move: 'next' },
    { text: 'mainx', move: 'newest' },
  ]);
  await page.keyboard.press('Escape');
  await page.keyboard.type('date');
  await until(() => terminal.inputs.join('') === 'date', 'the keys, at the shell');
  t.is(terminal.searches.at(-1), null);
  t.is(await page.getByRole('search').count(), 0);
});

test.serial('a screen reader hears what is printed, and what state the terminal is in', async (t) => {
  const { page, terminal, complaints } = await openPage(t, browser, {
    visitor,
    prepare: ({ page: opening }) =>
      opening.addInitScript(`localStorage.setItem('warmterm-settings', '{"screenReader":true}')`),
  });
  terminal.output('\r\nmake: done\r\n');
  const lines = page.getByRole('main').getByRole('listitem');
  await until(
    async () => (await lines.allTextContents()).some((line) => line.includes('make: done')),
    'the line, to be read',
  );
  await page.locator('.xterm-accessibility .live-region[aria-live]').waitFor({ state: 'attached' });
  t.deepEqual(await judge(page, 'state-screen-reader'), []);
  await terminal.close();
  await page.getByRole('status').filter({ hasText: 'Reconnecting' }).waitFor({ state: 'attached' });
  t.deepEqual(
    complaints.filter((text) => !/WebSocket|503/.test(text)),
    [],
  );
});

test.serial('all of it is reached by keys, with the focus to be seen, and back to the shell by Escape', async (t) => {
  const { page, terminal } = await openPage(t, browser, { visitor });
  await page.getByRole('button', { name: 'Settings' }).focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  await sheet.waitFor();
  const seen: string[] = [];
  for (let step = 0; step < 25; step++) {
    await page.keyboard.press('Tab');
    const [name, outline] = await page.evaluate<[string, string]>(
      `[document.activeElement.closest('label,button,[role=group]')?.textContent ?? '', getComputedStyle(document.activeElement).outlineStyle]`,
    );
    if (name === '') continue;
    seen.push(name);
    t.not(outline, 'none', name);
  }
  for (const label of ['Colours', 'Font', 'Cursor', 'Flash', 'Programs may copy', 'Screen reader mode', 'Reset all']) {
    t.true(
      seen.some((name) => name.startsWith(label)),
      `${label} in ${seen.join(' ')}`,
    );
  }
  await page.keyboard.press('Escape');
  await page.locator('.xterm-helper-textarea:focus').waitFor({ state: 'attached' });
  await page.keyboard.type('x');
  await until(() => terminal.inputs.join('') === 'x', 'the key typed');
});

test.serial('who wants no motion gets none', async (t) => {
  const { page, terminal } = await openPage(t, browser, { visitor: { reducedMotion: 'reduce' } });
  await terminal.close();
  await page.getByText(/Trying again in [2-5] s/).waitFor();
  const running = await page.evaluate<string[]>(
    `document.getAnimations().filter((one) => one.playState === 'running').map((one) => one.animationName ?? one.transitionProperty)`,
  );
  t.deepEqual(running, []);
  t.is(await page.locator('.xterm-cursor-blink').count(), 0);
});
