// Every state of the page, as a person meets it: what is said, that axe finds nothing wrong in it, that it fits a narrow
// phone in the longer of the languages, and pictures to look at.

import test from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ServiceError } from '../../common/errors.ts';
import { endReasons } from '../../common/socket.ts';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { cutOff, germanOnNarrowPhone } from '../helpers/frontend-cut-off.ts';
import { type OpenPage, openPage, type PageOptions } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';
import type { TerminalDouble, TerminalSocket } from '../helpers/frontend-terminal.ts';
import { fileScope } from '../helpers/scope.ts';
import type { Teardown } from '../helpers/webserver-listen.ts';

const browser = shareBrowser(test);

const visitor = { colorScheme: 'dark' } as const;
const work = '\x1b[32mvisitor@terminal\x1b[0m:\x1b[34m~/work\x1b[0m$ make\r\ncc -O2 -c main.c\r\ncc -o tool main.o\r\n';
const busy = (terminal: TerminalDouble) => {
  terminal.greet = (socket) => socket.emit('output', Buffer.from(work));
};
const schemes = ['dark', 'light', 'contrast'] as const;

async function setScheme(page: Page, scheme: (typeof schemes)[number]): Promise<void> {
  await page.emulateMedia({
    colorScheme: scheme === 'light' ? 'light' : 'dark',
    contrast: scheme === 'contrast' ? 'more' : 'no-preference',
  });
  await page.locator(`html[data-theme="${scheme}"]`).waitFor({ state: 'attached' });
  // What fades in has no contrast yet.
  await page.evaluate(
    'Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished))',
  );
}

/** What axe finds in each of the schemes. */
async function audit(page: Page): Promise<string[]> {
  const problems: string[] = [];
  for (const scheme of schemes) {
    await setScheme(page, scheme);
    problems.push(...(await accessibilityProblems(page)).map((problem) => `${scheme}: ${problem}`));
  }
  return problems;
}

async function takeDarkScreenshot(page: Page, name: string): Promise<void> {
  await setScheme(page, 'dark');
  await takeScreenshot(page, name);
}

/** Causes a state of the page; and the expected text. */
type Scene = {
  title: string;
  picture: string;
  words: string | RegExp;
  /** What the browser's tab says, and by which icon. */
  tab: [title: string, icon: string];
  /** axe looks at the first scene of each kind of view. */
  audited?: boolean;
  options?: Omit<PageOptions, 'visitor'>;
  /** Once the page is as `options` say. */
  arrange?: (opened: OpenPage) => unknown;
};

const atWork: Scene['options'] = { prepare: ({ terminal }) => busy(terminal) };
/** Something that the terminal tells a page at which a person works. */
const tells =
  (tell: (socket: TerminalSocket) => void) =>
  ({ terminal }: OpenPage) => {
    for (const socket of terminal.sockets) tell(socket);
  };
const busyNetwork = new ServiceError('challenge-required', 'In English.', { retryAfter: 3_000 });
const pushing = [
  'On branch main',
  'To git@git.example.org:visitor/a-repository-with-a-rather-long-name.git',
  ' ! [rejected]        main -> main (fetch first)',
  "error: failed to push some refs to 'git@git.example.org:visitor/a-repository-with-a-rather-long-name.git'",
].join('\n');

const scope = fileScope(test);

/** Scenes that each open a page. */
const openings: Scene[] = [
  {
    title: 'connecting',
    audited: true,
    picture: 'connecting',
    words: 'Connecting',
    tab: ['Connecting · warmterm', 'favicon-wait'],
    options: { until: 'connecting', prepare: ({ page }) => page.route('**/api/terminals', () => {}) },
  },
  {
    title: 'a challenge that is being solved',
    picture: 'challenge',
    words: 'Your browser solves a small task',
    tab: ['Connecting · warmterm', 'favicon-wait'],
    options: {
      until: 'connecting',
      async prepare({ page, webserver: { manager } }) {
        manager.misbehave = () => busyNetwork;
        await page.route('**/assets/solve-*.js', () => {});
      },
    },
  },
  {
    title: 'a challenge that cannot be solved',
    audited: true,
    picture: 'challenge-failed',
    words: 'Your network is busy',
    tab: ['Waiting · warmterm', 'favicon-wait'],
    options: {
      until: 'waiting',
      async prepare({ page, webserver: { manager } }) {
        manager.misbehave = () => busyNetwork;
        await page.route('**/assets/solve-*.js', (route) => route.abort());
      },
    },
  },
  ...(['unavailable', 'too-many-requests'] as const).map(
    (code): Scene => ({
      title: `waiting: ${code}`,
      picture: `waiting-${code}`,
      words: 'Try now',
      tab: ['Waiting · warmterm', 'favicon-wait'],
      options: {
        until: 'waiting',
        prepare({ webserver: { manager } }) {
          manager.misbehave = () =>
            new ServiceError(code, 'In English.', { retryAfter: 3_000, limit: { of: 'address', most: 3 } });
        },
      },
    }),
  ),
  {
    title: 'in line',
    audited: true,
    picture: 'in-line',
    words: 'You are number 3 in line',
    tab: ['Number 3 · warmterm', 'favicon-wait'],
    options: {
      until: 'queued',
      prepare: ({ webserver: { manager } }) =>
        manager.moveTo({ place: 3, waiting: 5, earliestSeconds: 170, expectedSeconds: 410 }),
    },
  },
  {
    title: 'in line, for longer than was said',
    picture: 'in-line-longer',
    words: 'You are number 12 in line',
    tab: ['Number 12 · warmterm', 'favicon-wait'],
    options: {
      until: 'queued',
      prepare: ({ webserver: { manager } }) =>
        manager.moveTo({ place: 12, waiting: 15, latestSeconds: 9_000, cause: 'long-sessions' }),
    },
  },
  {
    title: 'in line, and nothing is known of the time',
    picture: 'in-line-unknown',
    words: 'You are next',
    tab: ['Next · warmterm', 'favicon-wait'],
    options: {
      until: 'queued',
      prepare: ({ webserver: { manager } }) => manager.moveTo({ place: 1, waiting: 5, cause: 'starts-fail' }),
    },
  },
  {
    title: 'reconnecting',
    audited: true,
    picture: 'reconnecting',
    words: /Trying again in [3-5] s/,
    tab: ['Reconnecting · warmterm', 'favicon-wait'],
    options: atWork,
    async arrange({ page, terminal }) {
      await waitForScreen(page, 'cc -o tool');
      await terminal.close();
      await page.locator('.countdown:not(:empty)').waitFor();
    },
  },
  {
    title: 'another terminal in place of one that died',
    audited: true,
    picture: 'replaced',
    words: 'Your terminal failed and was restarted',
    tab: ['warmterm', 'favicon'],
    options: atWork,
    async arrange({ page, terminal }) {
      await waitForScreen(page, 'cc -o tool');
      terminal.run = 'another';
      terminal.cut();
    },
  },
  {
    title: 'a sign-in in place of the webserver',
    audited: true,
    picture: 'sign-in',
    words: 'Reload to sign in',
    tab: ['Waiting · warmterm', 'favicon-wait'],
    options: {
      until: 'waiting',
      prepare: ({ page }) =>
        page.route('**/api/terminals', (route) => route.fulfill({ contentType: 'text/html', body: '<p>Sign in</p>' })),
    },
    arrange: ({ page }) => page.locator('details.more summary').click(),
  },
  {
    title: 'no WebSocket gets through',
    picture: 'no-websocket',
    words: 'The connection is blocked',
    tab: ['Waiting · warmterm', 'favicon-wait'],
    options: {
      environment: { WARMTERM_RELAY: 'always' },
      until: 'waiting',
      proxied: true,
      prepare: ({ proxy }) => {
        proxy.webSockets = 'strip';
      },
    },
  },
  {
    title: 'an error that trying again cannot help',
    audited: true,
    picture: 'error',
    words: 'Try again',
    tab: ['No terminal · warmterm', 'favicon-off'],
    options: { path: '/?renderer=dom&pool=Nonsense', until: 'error' },
  },
  {
    title: 'a terminal that is not reached',
    picture: 'unreached',
    words: 'Try now',
    tab: ['Waiting · warmterm', 'favicon-wait'],
    options: {
      environment: { WARMTERM_RELAY: 'never' },
      until: 'waiting',
      prepare: ({ terminal }) => terminal.close(),
    },
  },
];

/** What the terminal tells a page at work: played one after another on the same page. */
const turns: Scene[] = [
  ...(
    [
      ['idle', 'Still there?'],
      ['lifetime', 'The time of this terminal is up'],
    ] as const
  ).map(
    ([reason, words]): Scene => ({
      title: `a warning of the end: ${reason}`,
      picture: `warning-${reason}`,
      audited: reason === 'idle',
      words,
      tab: ['Closes soon · warmterm', 'favicon-warning'],
      arrange: tells((socket) => socket.emit('ending', { reason, inMs: 45_000 })),
    }),
  ),
  ...(
    [
      ['saved', { result: 'saved', exitCode: 0, output: '' }, 'Your work was saved.'],
      ['saving-failed', { result: 'failed', exitCode: 128, output: pushing }, 'has failed (exit code 128).'],
      ['saving-timed-out', { result: 'timed-out', output: 'On branch main' }, 'took too long'],
    ] as const
  ).map(
    ([picture, saved, words]): Scene => ({
      title: `ended, and what came of saving: ${picture}`,
      picture,
      audited: picture === 'saving-failed',
      words,
      tab: ['Ended · warmterm', 'favicon-off'],
      arrange: tells((socket) => socket.emit('ended', 'idle', saved)),
    }),
  ),
  ...endReasons.map(
    (reason): Scene => ({
      title: `ended: ${reason}`,
      picture: `ended-${reason}`,
      audited: reason === 'exit',
      words: 'Start a new terminal',
      tab: ['Ended · warmterm', 'favicon-off'],
      arrange: tells((socket) => socket.emit('ended', reason)),
    }),
  ),
  {
    title: 'work that is being saved',
    audited: true,
    picture: 'saving',
    words: 'Your work is being saved',
    tab: ['Saving your work · warmterm', 'favicon-wait'],
    arrange: tells((socket) => socket.emit('saving', { reason: 'idle', output: 'On branch main\nPushing to origin' })),
  },
];

const german = { ...visitor, ...germanOnNarrowPhone };
const open = async (t: Teardown, { options, arrange }: Scene, of: BrowserContextOptions) => {
  const opened = await openPage(t, browser(), { ...options, visitor: of });
  await arrange?.(opened);
  return opened;
};

/** Opens a page at work for the file. Returns how to play a scene on it, after those that were played before. */
function shareStage(of: BrowserContextOptions) {
  let stage: Promise<OpenPage> | undefined;
  return async ({ arrange }: Scene): Promise<OpenPage> => {
    stage ??= openPage(scope, browser(), { ...atWork, visitor: of });
    const opened = await stage;
    const { page, terminal } = opened;
    if ((await page.locator('html').getAttribute('data-state')) === 'ended') await page.keyboard.press('Enter');
    await waitForState(page, 'connected');
    for (const socket of terminal.sockets) socket.emit('ending', null);
    await page.locator('.notice').waitFor({ state: 'hidden' });
    await waitForScreen(page, 'cc -o tool');
    await arrange?.(opened);
    return opened;
  };
}

const played = { english: shareStage(visitor), german: shareStage(german) };
const scenes = [
  ...openings.map((scene) => ({
    scene,
    inEnglish: (t: Teardown) => open(t, scene, visitor),
    inGerman: (t: Teardown) => open(t, scene, german),
  })),
  ...turns.map((scene) => ({
    scene,
    inEnglish: () => played.english(scene),
    inGerman: () => played.german(scene),
  })),
];

for (const { scene, inEnglish, inGerman } of scenes) {
  const { title, picture, words, tab, audited } = scene;
  test.serial(title, async (t) => {
    const { page } = await inEnglish(t);
    await page.getByText(words).filter({ visible: true }).first().waitFor();
    const icon = await page.locator('link[rel="icon"]').getAttribute('href');
    t.deepEqual([await page.title(), icon?.replace(/^assets\/|-[A-Z0-9]{8}\.svg$/g, '')], tab);
    await takeDarkScreenshot(page, `state-${picture}`);
    if (audited) t.deepEqual(await audit(page), []);
  });

  test.serial(`${title}: in German, on a narrow phone`, async (t) => {
    const { page } = await inGerman(t);
    const said = page.locator('.status h1, .notice p').filter({ visible: true });
    await said.filter({ hasText: /./ }).first().waitFor();
    await takeScreenshot(page, `narrow-${picture}`);
    t.deepEqual(await cutOff(page), []);
    t.notRegex(await page.locator('body').innerText(), /English/, 'what the service says is said in German too');
  });
}

test.serial('searching, with a count', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
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
  await takeDarkScreenshot(page, 'state-search');
  t.deepEqual(await audit(page), []);
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
  const { page, terminal, complaints } = await openPage(t, browser(), {
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
  await takeDarkScreenshot(page, 'state-screen-reader');
  t.deepEqual(await audit(page), []);
  await terminal.close();
  await page.getByRole('status').filter({ hasText: 'Reconnecting' }).waitFor({ state: 'attached' });
  t.deepEqual(
    complaints.filter((text) => !/WebSocket|503/.test(text)),
    [],
  );
});

test.serial('all of it is reached by keys, with the focus to be seen, and back to the shell by Escape', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
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

test.serial('motion: none if the visitor prefers reduced motion', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor: { reducedMotion: 'reduce' } });
  await terminal.close();
  await page.getByText(/Trying again in [2-5] s/).waitFor();
  const running = await page.evaluate<string[]>(
    `document.getAnimations().filter((one) => one.playState === 'running').map((one) => one.animationName ?? one.transitionProperty)`,
  );
  t.deepEqual(running, []);
  t.is(await page.locator('.xterm-cursor-blink').count(), 0);
});
