// The page in a real Chromium on a faulty line, and with more data than a line accepts at once.

import test from 'ava';
import { pasting } from '../../common/socket.ts';
import { shareBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { startLine } from '../helpers/line.ts';
import { eventually } from '../helpers/terminal-process.ts';

const browser = shareBrowser(test);

const prompt = 'visitor@terminal:~$';

test.serial('line: the page reports a silent line, and reconnects by itself', async (t) => {
  let line: Awaited<ReturnType<typeof startLine>> | undefined;
  const { page, terminal } = await openPage(t, browser(), {
    environment: { WARMTERM_RELAY: 'never' },
    pings: true,
    prepare: async (parts) => {
      line = await startLine(t, parts.terminal);
      parts.webserver.manager.address = { protocol: 'http', host: line.host, port: line.port };
    },
  });
  await waitForScreen(page, prompt);
  line?.silence();
  await page.getByRole('heading', { name: 'Reconnecting' }).waitFor();
  await eventually(() => terminal.sockets.size === 0 || undefined);
  line?.restore();
  await waitForState(page, 'connected', 30_000);
  await typeText(page, 'back');
  t.regex(await waitForScreen(page, 'back'), /back/);
});

test.serial('line: reconnects at once when the network is back', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  await page.evaluate("dispatchEvent(new Event('online'))");
  await eventually(() => terminal.handshakes.length === 2 || undefined);
  await waitForState(page, 'connected');
  t.pass();
});

test.serial('line: a page that wakes up reconnects after a long silence, and not without one', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  const look = () => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await look();
  await typeText(page, 'x');
  await eventually(() => terminal.inputs.join('') === 'x' || undefined);
  t.is(terminal.handshakes.length, 1);
  // The clock advanced while the page's timers were suspended.
  await page.evaluate('{ const now = Date.now; Date.now = () => now() + 60_000; }');
  await look();
  await eventually(() => terminal.handshakes.length === 2 || undefined);
  await waitForState(page, 'connected');
});

test.serial(
  'ten megabytes pasted arrive whole and in order, a little at a time, and the page stays awake',
  async (t) => {
    const { page, terminal } = await openPage(t, browser());
    await waitForScreen(page, prompt);
    for (const socket of terminal.sockets) socket.removeAllListeners('input');
    const pieces: string[] = [];
    const waiting: (() => void)[] = [];
    let takes = false;
    for (const socket of terminal.sockets) {
      socket.on('input', (data, taken) => {
        pieces.push(String(data));
        if (takes) taken?.();
        else if (taken) waiting.push(taken);
      });
    }
    await page.evaluate(`{
    const text = Array.from({ length: 625_000 }, (_, at) => String(at).padStart(16)).join('');
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.querySelector('.xterm-helper-textarea').dispatchEvent(paste);
  }`);
    await eventually(() => waiting.length === pasting.ahead || undefined);
    // The page stays usable while the terminal accepts no data.
    for (let frame = 0; frame < 5; frame++) await page.evaluate('new Promise((go) => requestAnimationFrame(go))');
    t.is(pieces.length, pasting.ahead, 'no more is sent before that');
    await typeText(page, 'Z');
    takes = true;
    for (const taken of waiting.splice(0)) taken();
    await eventually(() => pieces.at(-1) === 'Z' || undefined);
    const text = Array.from({ length: 625_000 }, (_, at) => String(at).padStart(16)).join('');
    t.true(pieces.slice(0, -1).join('') === text, `${pieces.join('').length} characters of ${text.length}`);
  },
);
