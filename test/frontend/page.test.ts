// The page in a real Chromium, against the real webserver.

import test, { type ExecutionContext } from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ServiceError } from '../../common/errors.ts';
import type { Promised } from '../../common/manager-api.ts';
import { acknowledgeEvery, type Ending, type EndReason } from '../../common/socket.ts';
import { paths } from '../../common/terminals-api.ts';
import { readScreen, shareBrowser, typeText, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { type OpenPage, openPage } from '../helpers/frontend-page.ts';
import { startTerminal, type TerminalDouble } from '../helpers/frontend-terminal.ts';
import type { Line } from '../helpers/webserver-manager.ts';
import { startClosed, startMute } from '../helpers/webserver-relay.ts';

const browser = shareBrowser(test);

const prompt = 'visitor@terminal:~$';

const warn = (terminal: TerminalDouble, ending: Ending | null) => {
  for (const socket of terminal.sockets) socket.emit('ending', ending);
};

const end = (terminal: TerminalDouble, reason: EndReason) => {
  for (const socket of terminal.sockets) {
    socket.emit('ended', reason);
    socket.disconnect(true);
  }
};

test.serial('the page connects by itself, shows the prompt, and breaks no rule of its policy', async (t) => {
  const { page, terminal, complaints } = await openPage(t, browser());
  await waitForScreen(page, prompt);
  await typeText(page, 'echo 1');
  await waitForScreen(page, `${prompt} echo 1`);
  t.is(terminal.inputs.join(''), 'echo 1');
  t.deepEqual(complaints, []);
});

test.serial('colours of all kinds are drawn without inline styles', async (t) => {
  const { page, terminal, complaints } = await openPage(t, browser(), { visitor: { colorScheme: 'dark' } });
  terminal.output('\x1b[2J\x1b[H\x1b[31mred\x1b[0m \x1b[38;2;1;200;3mtrue\x1b[0m');
  await waitForScreen(page, 'red true');
  const colour = (text: string) =>
    page.evaluate(`getComputedStyle([...document.querySelectorAll('.xterm-rows span')]
      .find((span) => span.textContent === '${text}')).color`);
  t.is(await colour('red'), 'rgb(242, 119, 122)');
  t.is(await colour('true'), 'rgb(1, 200, 3)');
  t.deepEqual(complaints, []);
});

test.serial('WebGL draws where it can, and the DOM where it is lost', async (t) => {
  const { page, complaints } = await openPage(t, browser(), { path: '/' });
  const renderer = page.locator('html[data-renderer]');
  await page.locator('html[data-renderer="webgl"]').waitFor({ state: 'attached' });
  await page.evaluate(`for (const canvas of document.querySelectorAll('canvas')) {
    canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
  }`);
  await page.locator('html[data-renderer="dom"]').waitFor({ state: 'attached' });
  t.is(await renderer.count(), 1);
  await waitForScreen(page, prompt);
  t.deepEqual(
    complaints.filter((text) => !/context/i.test(text)),
    [],
  );
});

test.serial('the whole transfer of a first visit is at most 200 KB', async (t) => {
  let bytes = 0;
  const { page, context } = await openPage(t, browser(), {
    path: '/',
    prepare: async ({ page: opening, context: visitor }) => {
      const devtools = await visitor.newCDPSession(opening);
      await devtools.send('Network.enable');
      devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
      });
    },
  });
  await page.locator('html[data-renderer="webgl"]').waitFor({ state: 'attached' });
  await page.waitForLoadState('networkidle');
  t.log(`${Math.round(bytes / 1_000)} KB`);
  t.true(bytes > 50_000 && bytes <= 200_000, `${bytes} bytes`);
  await context.close();
});

test.serial('the terminal is claimed before the page has loaded', async (t) => {
  let claims = 0;
  await openPage(t, browser(), {
    prepare: ({ page: opening, webserver: { manager } }) =>
      opening.route('**/assets/main-*.js', async (route) => {
        await until(() => manager.requests.length > 0, 'a claim without the bundle');
        claims = manager.requests.length;
        await route.continue();
      }),
  });
  t.is(claims, 1);
});

test.serial('a terminal at a port of the page’s own host is within the policy', async (t) => {
  const { page, complaints } = await openPage(t, browser(), { environment: { WARMTERM_ADDRESS: 'page' } });
  await waitForScreen(page, prompt);
  t.deepEqual(complaints, []);
});

test.serial('a terminal anywhere else is not', async (t) => {
  const environment = { WARMTERM_ADDRESS: 'http://{name}.terminals.example.org:{port}' };
  const { page, webserver, complaints } = await openPage(t, browser(), { environment, until: false });
  const policy = (await page.request.get(webserver.url)).headers()['content-security-policy'];
  t.regex(String(policy), /connect-src 'self' ws:\/\/\*\.terminals\.example\.org:\*;/);
  await page.evaluate(`new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', resolve, { once: true });
    try { new WebSocket('ws://127.0.0.1:1'); } catch {}
  })`);
  t.regex(complaints.join(), /connect-src|Content Security Policy/);
});

const relayed = 'This network blocks the direct connection to your terminal.';
/** How many sockets the page has opened so far, by the way that they took. */
function countSockets(page: Page): { direct: number; relay: number } {
  const count = { direct: 0, relay: 0 };
  page.on('websocket', (socket) => {
    count[new URL(socket.url()).pathname.startsWith(paths.relay) ? 'relay' : 'direct']++;
  });
  return count;
}

test.serial('where the direct way leads to the terminal, the relay is never touched', async (t) => {
  let sockets = { direct: 0, relay: 0 };
  const { page } = await openPage(t, browser(), {
    prepare: ({ page: opening }) => {
      sockets = countSockets(opening);
    },
  });
  await page.reload();
  await waitForState(page, 'connected');
  t.deepEqual(sockets, { direct: 2, relay: 0 });
  t.is(await page.getByText(relayed).count(), 0);
});

for (const [what, startBlocked] of [
  ['swallows the direct way', startMute],
  ['turns the direct way away', startClosed],
] as const) {
  test.serial(
    `a network that ${what}: the page goes by the relay, and says so; a reload does so at once`,
    async (t) => {
      const blocked = await startBlocked(t);
      let sockets = { direct: 0, relay: 0 };
      const { page, terminal, context, complaints } = await openPage(t, browser(), {
        until: false,
        // Sockets at 127.0.0.1 are within the policy only because the page itself comes from there.
        environment: { WARMTERM_ADDRESS: 'http://localhost:{port}' },
        prepare: ({ page: opening, webserver }) => {
          webserver.manager.address = { protocol: 'http', host: blocked.host, port: blocked.port };
          sockets = countSockets(opening);
        },
      });
      await typeText(page, 'typed ahead ');
      await waitForState(page, 'connected');
      await page.getByText(relayed).first().waitFor();
      await typeText(page, 'and after');
      await waitForScreen(page, `${prompt} typed ahead and after`);
      await page.locator('.notice').waitFor({ state: 'hidden' });
      t.is(new Set(terminal.handshakes.map(({ ticket }) => ticket)).size, terminal.handshakes.length);
      t.is(sockets.relay, 1);
      const tried = sockets.direct;

      await page.reload();
      await waitForState(page, 'connected');
      await typeText(page, 'again');
      await waitForScreen(page, `${prompt} again`);
      terminal.cut();
      await until(() => terminal.handshakes.length === 3, 'a third connection');
      t.deepEqual(sockets, { direct: tried, relay: 3 });
      t.deepEqual(
        complaints.filter((text) => /policy/i.test(text)),
        [],
      );

      const another = await context.newPage();
      const fresh = countSockets(another);
      await another.goto(page.url());
      await waitForState(another, 'connected');
      t.deepEqual(fresh, { direct: tried, relay: 1 }, 'another visit tries the direct way again');
    },
  );
}

test.serial('WARMTERM_RELAY=always goes by the relay without a word, =never does not, come what may', async (t) => {
  const blocked = await startClosed(t);
  let sockets = { direct: 0, relay: 0 };
  const options = (mode: string, state: string) => ({
    until: state,
    environment: { WARMTERM_RELAY: mode },
    prepare: ({ page: opening, webserver }: Pick<OpenPage, 'page' | 'webserver'>) => {
      webserver.manager.address = { protocol: 'http', host: blocked.host, port: blocked.port };
      sockets = countSockets(opening);
    },
  });
  const { page } = await openPage(t, browser(), options('always', 'connected'));
  await waitForScreen(page, prompt);
  t.deepEqual(sockets, { direct: 0, relay: 1 });
  t.is(await page.getByText(relayed).count(), 0);
  const { terminal } = await openPage(t, browser(), options('never', 'waiting'));
  t.is(sockets.relay, 0);
  t.is(terminal.handshakes.length, 0);
});

test.serial('a page by https, which may open nothing by http, goes by the relay without trying', async (t) => {
  const { context, webserver } = await openPage(t, browser(), { environment: { WARMTERM_TRUST_PROXY: 'loopback' } });
  const page = await context.newPage();
  const origin = 'https://shell.example.org';
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shell.example.org' };
  await page.route(`${origin}/**`, async (route) => {
    const request = route.request();
    const headers = { ...(await request.allHeaders()), ...forwarded };
    await route.fulfill({
      response: await route.fetch({ url: request.url().replace(origin, webserver.url), headers }),
    });
  });
  const first = page.waitForEvent('websocket');
  await page.goto(`${origin}/?renderer=dom`);
  t.regex((await first).url(), /^wss:\/\/shell\.example\.org\/api\/terminals\/current\/relay\//);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test.serial('a tab of its own identity comes to its own terminal by the relay too', async (t) => {
  const environment = { WARMTERM_IDENTITY: 'tab', WARMTERM_RELAY: 'always' };
  const { page, webserver } = await openPage(t, browser(), { environment, path: '/?renderer=dom&pool=other' });
  await waitForScreen(page, prompt);
  const [claimed, ...others] = webserver.manager.requests;
  const { visitor } = (claimed?.body ?? {}) as { visitor?: string };
  t.true(others.some(({ path }) => path === `/api/terminals/${visitor}?pool=other`));
});

test.serial('what is typed before the first prompt is not lost', async (t) => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { page, terminal } = await openPage(t, browser(), {
    until: false,
    prepare: ({ page: opening }) =>
      opening.route('**/api/terminals', async (route) => {
        await released;
        await route.continue();
      }),
  });
  await typeText(page, 'ls -l\n');
  release();
  await until(() => terminal.inputs.join('').length >= 6, 'the whole input');
  t.is(terminal.inputs.join(''), 'ls -l\r');
});

test.serial('inv 2: a reload comes back to the same terminal, with another ticket', async (t) => {
  const { page, terminal, webserver } = await openPage(t, browser());
  await page.reload();
  await waitForState(page, 'connected');
  const [first, second] = terminal.handshakes.map(({ ticket }) => ticket);
  t.not(first, second);
  const visitors = webserver.manager.requests.map(({ body }) => (body as { visitor: string }).visitor);
  t.is(visitors.length, 2);
  t.is(visitors[0], visitors[1]);
});

test.serial('a tab of its own identity keeps it over a reload, and no other tab has it', async (t) => {
  const { page, context, webserver } = await openPage(t, browser(), { environment: { WARMTERM_IDENTITY: 'tab' } });
  await page.reload();
  await waitForState(page, 'connected');
  const other = await context.newPage();
  await other.goto(page.url());
  await waitForState(other, 'connected');
  const [first, again, second] = webserver.manager.requests.map(({ body }) => (body as { visitor: string }).visitor);
  t.is(first, again);
  t.not(first, second);
});

test.serial('a dropped connection is back at once, with nothing on the screen about it', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  await page.evaluate(`window.shown = false;
    new MutationObserver(() => {
      const status = document.querySelector('.status');
      if (!status.hidden && Number(getComputedStyle(status).opacity) > 0) window.shown = true;
    }).observe(document, { subtree: true, attributes: true });`);
  await typeText(page, 'before');
  await waitForScreen(page, 'before');
  terminal.cut();
  await until(() => terminal.handshakes.length === 2, 'a second handshake');
  await waitForState(page, 'connected');
  await until(() => terminal.sockets.size === 1, 'a second connection');
  await typeText(page, 'after');
  const screen = await waitForScreen(page, `${prompt} after`);
  t.false(screen.includes('before'), 'the screen of the former connection is gone');
  t.is(await page.evaluate('window.shown'), false);
});

test.serial('a terminal that has moved is found at its new address', async (t) => {
  const { page, terminal, webserver } = await openPage(t, browser());
  const moved = await startTerminal(t);
  moved.greet = (socket) => socket.emit('output', Buffer.from('moved here'));
  webserver.manager.forgetAll();
  webserver.manager.address = { protocol: 'http', host: moved.host, port: moved.port };
  await terminal.close();
  await waitForScreen(page, 'moved here');
  await page.getByText('Your previous terminal failed, and its files are lost. This is a new one.').first().waitFor();
  await typeText(page, 'x');
  await page.locator('.notice').waitFor({ state: 'hidden' });
  t.pass();
});

test.serial('a page that was asleep while its terminal was idle is told so, and for how long', async (t) => {
  const { page, terminal, webserver } = await openPage(t, browser());
  const { manager } = webserver;
  manager.former = { name: 'default-0', claimedAt: '2026-01-01T09:00:00.000Z', reason: 'idle', idleMs: 900_000 };
  manager.forgetAll();
  terminal.cut();
  const notice = 'Your previous terminal was closed after 15 min without input. This is a new one.';
  await page.getByText(notice).first().waitFor();
  t.pass();
});

test.serial('a terminal out of reach is sought with a countdown, and keys are said not to be sent', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  await waitForScreen(page, prompt);
  await terminal.close();
  await waitForState(page, 'reconnecting');
  await typeText(page, 'lost');
  await page.getByText('Not connected: keys are not sent').waitFor();
  await page.getByText(/Trying again in [2-5] s/).waitFor();
  t.regex(await readScreen(page), /visitor@terminal/, 'what was on the screen can still be read');
  await terminal.listen();
  await page.getByRole('button', { name: 'Try now' }).click();
  await waitForState(page, 'connected');
  t.false(terminal.inputs.join('').includes('lost'));
  await page.locator('.status').waitFor({ state: 'hidden' });
});

test.serial('a network that is back is tried at once', async (t) => {
  const { page, context, terminal } = await openPage(t, browser());
  await context.setOffline(true);
  terminal.cut();
  await waitForState(page, 'reconnecting');
  await context.setOffline(false);
  await waitForState(page, 'connected');
  t.true(terminal.handshakes.length >= 2);
});

test.serial('a full pool is waited for, and says so', async (t) => {
  const { page, webserver, complaints } = await openPage(t, browser(), {
    until: 'waiting',
    prepare: ({ webserver: { manager } }) => {
      manager.misbehave = () => new ServiceError('too-many-requests', 'All are in use.', { retryAfter: 30 });
    },
  });
  await page.getByRole('heading', { name: 'A limit is reached' }).waitFor();
  await page.getByText(/Trying again in (30|29|28) s/).waitFor();
  webserver.manager.misbehave = () => undefined;
  await page.getByRole('button', { name: 'Try now' }).click();
  await waitForState(page, 'connected');
  t.deepEqual(
    complaints.filter((text) => !text.includes('429')),
    [],
  );
});

/** A page that waits in line, and what it was told first. */
const promised: Promised = { by: 1_000_000, position: 3, terminals: 4, on: 'sessions' };

const openQueued = (t: ExecutionContext, line: Line, visitor: BrowserContextOptions = {}) =>
  openPage(t, browser(), {
    until: 'queued',
    visitor,
    prepare: ({ webserver: { manager } }) => manager.moveTo(line),
  });

test.serial(
  'a visitor who waits in line sees the place and what to expect, and gets the terminal by itself',
  async (t) => {
    const { page, webserver, complaints } = await openQueued(t, {
      place: 3,
      waiting: 5,
      earliestSeconds: 170,
      expectedSeconds: 410,
      promised,
    });
    const { manager } = webserver;
    const said = page.locator('.status + .announcer');
    await page.getByRole('heading', { name: 'You are number 3 in line' }).waitFor();
    await page.getByText('A terminal should be free in 3 to 7 min. Keep this page open').waitFor();
    t.is(await page.title(), 'Number 3 · warmterm');
    t.is(await said.textContent(), 'You are number 3 in line');
    manager.moveTo({ place: 2, waiting: 4, latestSeconds: 7_000 });
    await page.getByRole('heading', { name: 'You are number 2 in line' }).waitFor();
    await page.getByText('A terminal will be free in 2 h at the latest.').waitFor();
    manager.moveTo({ place: 1, waiting: 3, cause: 'starts-fail' });
    await page.getByRole('heading', { name: 'You are next' }).waitFor();
    await page.getByText('Terminals are not starting at the moment. We do not know yet').waitFor();
    t.is(await said.textContent(), 'You are next. Terminals are not starting at the moment.');
    t.is(await page.title(), 'Next · warmterm');
    manager.moveTo(undefined);
    await waitForState(page, 'connected');
    await waitForScreen(page, prompt);
    t.notRegex(await page.title(), /Next/);
    const places = manager.requests.filter(({ path }) => path === '/api/terminals').map(({ body }) => body);
    t.like(places, [{ place: undefined }, { place: 3, promised }, { place: 2, promised: undefined }, { place: 1 }]);
    t.deepEqual(complaints, []);
  },
);

test.serial('a page that is closed gives its place up; one that is reloaded asks for it again', async (t) => {
  const { page, context, webserver } = await openQueued(t, { place: 2, waiting: 2, promised });
  const { requests } = webserver.manager;
  const left = () =>
    requests.filter(({ method, path }) => method === 'DELETE' && path.startsWith('/api/places/')).length;
  const asked = () => requests.filter(({ path, body }) => path === '/api/terminals' && !('place' in (body as object)));
  await page.reload();
  await waitForState(page, 'queued');
  await until(() => left() === 1 && asked().length === 2, 'a good-bye, and a return');
  t.deepEqual(
    asked()[1],
    { ...asked()[0]!, body: { ...(asked()[0]!.body as object), promised } },
    'it is the same visitor',
  );
  const other = await context.newPage();
  await page.close({ runBeforeUnload: true });
  await until(() => left() === 2, 'a good-bye');
  await other.close();
});

test.serial('a pool that closes while somebody waits in line says so', async (t) => {
  const { page, webserver } = await openQueued(t, { place: 1, waiting: 1 });
  webserver.manager.misbehave = () => new ServiceError('pool-closed', 'This pool is closed.');
  webserver.manager.moveTo({ place: 2, waiting: 2 });
  await waitForState(page, 'error');
  await page.getByRole('heading', { name: 'These terminals are closed' }).waitFor();
  t.is(await page.title(), 'No terminal · warmterm');
});

test.serial(
  'the place in line stays on the screen while the network is away for a moment, and fits a phone',
  async (t) => {
    const { page, context, webserver } = await openQueued(
      t,
      { place: 12, waiting: 180, expectedSeconds: 2_400 },
      { viewport: { width: 320, height: 480 } },
    );
    const heading = page.getByRole('heading', { name: 'You are number 12 in line' });
    await heading.waitFor();
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 320);
    await context.setOffline(true);
    webserver.manager.moveTo({ place: 11, waiting: 179 });
    await context.setOffline(false);
    await page.getByRole('heading', { name: 'You are number 11 in line' }).waitFor();
    t.is(await page.locator('html').getAttribute('data-state'), 'queued');
  },
);

test.serial('a visitor of a network that has enough is told so, and is let in when the answer said', async (t) => {
  const { page, webserver } = await openPage(t, browser(), {
    until: 'waiting',
    prepare: ({ webserver: { manager } }) => {
      const message = 'Your network has 3 terminals already, and may have 3.';
      manager.misbehave = () => new ServiceError('too-many-requests', message, { retryAfter: 2 });
    },
  });
  await page.getByRole('heading', { name: 'A limit is reached' }).waitFor();
  await page.getByText('Your network has 3 terminals already').first().waitFor();
  webserver.manager.misbehave = () => undefined;
  await waitForState(page, 'connected');
  t.is(webserver.manager.requests.filter(({ path }) => path === paths.terminals).length, 2);
});

test.serial('a visitor of a busy network is asked for one moment, and has a terminal then', async (t) => {
  let letSolve = () => {};
  const mayBeSolved = new Promise<void>((resolve) => {
    letSolve = resolve;
  });
  const { page, webserver, complaints } = await openPage(t, browser(), {
    until: false,
    environment: { WARMTERM_CHALLENGE_WORK: '8' },
    prepare: async ({ page: opening, webserver: { manager } }) => {
      await opening.route('**/assets/solve-*.js', (route) => mayBeSolved.then(() => route.continue()));
      manager.misbehave = ({ body }) =>
        (body as { challenge?: string }).challenge === 'solved'
          ? undefined
          : new ServiceError('challenge-required', 'Many terminals were opened.', { retryAfter: 30 });
    },
  });
  await page.getByRole('heading', { name: 'One moment' }).waitFor();
  await page.getByText('Your browser solves a small task before you get one').first().waitFor();
  // What somebody types is kept for the terminal.
  await typeText(page, 'ls');
  letSolve();
  await waitForState(page, 'connected');
  await waitForScreen(page, `${prompt} ls`);
  const told = webserver.manager.requests.map(({ body }) => (body as { challenge?: string }).challenge);
  t.deepEqual(told, ['unsolved', 'solved']);
  t.deepEqual(
    complaints.filter((text) => !text.includes('429')),
    [],
  );
});

test.serial('what trying again cannot help is an error with its reason and a button', async (t) => {
  const { page, webserver } = await openPage(t, browser(), {
    path: '/?renderer=dom&pool=Nonsense',
    until: 'error',
  });
  await page.getByRole('heading', { name: 'This address is not right' }).waitFor();
  await page.getByText('Check the address of this page').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  t.is(webserver.manager.requests.length, 0);
});

test.serial('a refused ticket is replaced by a new one', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
    until: false,
    prepare: (parts) => {
      parts.terminal.refuse = 'invalid-ticket';
    },
  });
  await until(() => terminal.handshakes.length === 2, 'two handshakes');
  terminal.refuse = undefined;
  await waitForState(page, 'connected');
  const tickets = terminal.handshakes.map(({ ticket }) => ticket);
  t.is(new Set(tickets).size, tickets.length);
});

test.serial('tickets that are always refused end in an error that says so', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
    until: 'error',
    prepare: (parts) => {
      parts.terminal.refuse = 'forbidden';
    },
  });
  await page.getByRole('heading', { name: 'This is not allowed' }).waitFor();
  t.is(terminal.handshakes.length, 4);
});

for (const [reason, words] of [
  ['exit', 'The shell has ended'],
  ['idle', 'This terminal was not used'],
  ['lifetime', 'Time is up'],
  ['processes', 'Too many programs'],
  ['owner', 'You have ended this terminal'],
  ['administrator', 'This terminal was ended'],
  ['deleted', 'This terminal was closed'],
] as const) {
  test.serial(`an end by ${reason} is told, and Enter starts a new terminal`, async (t) => {
    const { page, terminal, webserver } = await openPage(t, browser());
    webserver.manager.forgetAll();
    end(terminal, reason);
    await page.getByRole('alertdialog', { name: words }).waitFor();
    await page.getByRole('button', { name: 'Start a new terminal' }).waitFor();
    t.is(terminal.handshakes.length, 1, 'nothing is claimed without being asked for');
    await page.keyboard.press('Enter');
    await waitForState(page, 'connected');
    await page.locator('.status').waitFor({ state: 'hidden' });
    t.is(await page.locator('.notice:not([hidden])').count(), 0);
    await typeText(page, 'x');
    await until(() => terminal.inputs.join('') === 'x', 'the key typed');
  });
}

test.serial('what a hook prints while it saves is shown, and what came of it, with the end', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  for (const socket of terminal.sockets) socket.emit('saving', { reason: 'idle', output: 'pushing <b>1</b>\n' });
  const dialog = page.getByRole('alertdialog', { name: 'Your work is being saved' });
  await dialog.getByText('This terminal was not used.').waitFor();
  await dialog.getByText('pushing <b>1</b>').waitFor();
  t.is(await dialog.getByRole('button').count(), 0);
  for (const socket of terminal.sockets) {
    socket.emit('ended', 'idle', { result: 'failed', exitCode: 128, output: 'pushing\nfatal: no such repository\n' });
    socket.disconnect(true);
  }
  const end = page.getByRole('alertdialog', { name: 'This terminal was not used' });
  await end.getByText('Saving your work has failed (exit code 128).').waitFor();
  await end.getByText('fatal: no such repository').waitFor();
  await end.getByRole('button', { name: 'Start a new terminal' }).waitFor();
  t.is(await page.evaluate('document.querySelector(".status").scrollWidth <= innerWidth'), true);
});

test.serial('a pod that died and was started again is told apart from a new one', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  terminal.run = 'another';
  terminal.cut();
  await page.getByText('Your terminal failed and was restarted').first().waitFor();
  await waitForState(page, 'connected');
  t.is(terminal.handshakes.length, 2);
});

test.serial('inv 6: the idle countdown shows the seconds left, and goes away when somebody types', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  warn(terminal, { reason: 'idle', inMs: 45_000 });
  await page.getByText(/Still there\? This terminal closes in 4[2-5] s, and its files are deleted\./).waitFor();
  await page.getByText(/closes in (43|42|41|40) s/).waitFor();
  warn(terminal, null);
  await page.locator('.notice').waitFor({ state: 'hidden' });
  warn(terminal, { reason: 'lifetime', inMs: 90_000 });
  await page
    .getByText(/The time of this terminal is up in 1 min (30|29|28) s\. Save what you need: its files are deleted\./)
    .waitFor();
  t.pass();
});

test.serial('the terminal follows the size of the window', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  await page.setViewportSize({ width: 640, height: 400 });
  await until(() => terminal.sizes.length > 0, 'a resize');
  const [before] = terminal.handshakes;
  const after = terminal.sizes.at(-1);
  t.true(before !== undefined && after !== undefined);
  t.true(Number(after?.cols) < Number(before?.size.cols), JSON.stringify([before?.size, after]));
  t.true(Number(after?.rows) < Number(before?.size.rows));
});

test.serial('what has been parsed is acknowledged in lots', async (t) => {
  const { terminal } = await openPage(t, browser());
  const line = `${'x'.repeat(98)}\r\n`;
  for (let sent = 0; sent < 4 * acknowledgeEvery; sent += 16_000) terminal.output(line.repeat(160));
  const sum = () => terminal.acknowledged.reduce((total, bytes) => total + bytes, 0);
  await until(() => sum() >= 3 * acknowledgeEvery, 'acknowledgements');
  t.true(terminal.acknowledged.every((bytes) => bytes >= acknowledgeEvery));
});

test.serial('the shell names the tab', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  t.is(await page.title(), 'warmterm');
  terminal.output('\x1b]0;vim notes.txt\x07');
  await until(async () => (await page.title()) === 'vim notes.txt', 'the title that the shell set');
  end(terminal, 'exit');
  await until(async () => (await page.title()) === 'Ended · warmterm', 'a title that tells the end');
});

test.serial('Ctrl+Shift+F finds, and Escape goes back to the terminal', async (t) => {
  const { page, terminal, complaints } = await openPage(t, browser());
  terminal.find = ({ text, move }) => (text === 'needle' ? { total: 2, at: move === 'newest' ? 2 : 1 } : null);
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+Shift+F');
  const field = page.getByRole('textbox', { name: 'Find in the terminal' });
  await field.waitFor();
  await field.pressSequentially('needle');
  await page.getByText('2/2').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('1/2').waitFor();
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'hidden' });
  await page.keyboard.type('x');
  await until(() => terminal.inputs.join('') === 'x', 'only what was typed into the terminal');
  t.is(terminal.searches.at(-1), null);
  t.deepEqual(complaints, []);
});

test.serial('a search that cannot be made is told, and is made once it can be', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  terminal.find = () => null;
  await page.keyboard.press('Control+Shift+F');
  await page.getByRole('textbox', { name: 'Find in the terminal' }).fill('needle');
  const said = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor({ state: 'attached' });
  await said('Cannot search now');
  terminal.find = () => ({ total: 7, at: 7 });
  await page.keyboard.press('Enter');
  await said('Match 7 of 7');
  t.deepEqual(terminal.searches, [
    { text: 'needle', move: 'newest' },
    { text: 'needle', move: 'previous' },
  ]);
});
