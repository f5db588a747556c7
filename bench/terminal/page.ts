// `npm run bench -- page`: Ctrl-C in a real browser. Measures the time until the prompt is painted while a flood is drawn.

import { setTimeout as delay } from 'node:timers/promises';
import { noAddressLimits } from '../../local/pool.ts';
import { startSystem } from '../../local/system.ts';
import { launchBrowser, typeText, waitForScreen, waitForState } from '../../test/helpers/frontend-browser.ts';
import { silent } from '../../test/helpers/manager.ts';
import { type Measure, measure, median } from '../statistics.ts';

const rounds = 5;
// In the visitor's home.
const file = 'many-lines';

// In the page: milliseconds from the next Ctrl-C to the first frame that shows the prompt after it.
const untilPrompt = `window.untilPrompt = new Promise((resolve) => {
  const isThere = () => {
    const rows = [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent);
    return /\\^C[^]*[$#]\\s*$/.test(rows.join('\\n').trimEnd());
  };
  addEventListener('keydown', function hear({ key, ctrlKey }) {
    if (key !== 'c' || !ctrlKey) return;
    removeEventListener('keydown', hear, { capture: true });
    const pressedAt = performance.now();
    const look = () => (isThere() ? resolve(performance.now() - pressedAt) : requestAnimationFrame(look));
    look();
  }, { capture: true });
}); undefined`;

export async function benchPage(directory: string): Promise<Measure[]> {
  const times = await interrupt(directory);
  return Object.entries(times).flatMap(([what, ms]) => [
    measure(`Ctrl-C → prompt painted in Chromium during ${what}, median of ${rounds}`, median(ms), 'ms'),
    measure(`Ctrl-C → prompt painted in Chromium during ${what}, slowest`, Math.max(...ms), 'ms'),
  ]);
}

/** Milliseconds for each flood, one by one. */
async function interrupt(directory: string): Promise<Record<string, number[]>> {
  const system = await startSystem({
    directory,
    dist: new URL('../../dist/', import.meta.url),
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas: 1, settings: { spare: '1', max: '3', ...noAddressLimits } },
  });
  const browser = await launchBrowser();
  try {
    const page = await (await browser.newContext({ bypassCSP: true })).newPage();
    await page.goto(`${system.pageUrl}?renderer=dom`);
    await waitForState(page, 'connected', 60_000);
    await waitForScreen(page, /[$#] *$/m, 60_000);
    await typeText(
      page,
      `for i in $(seq 300000); do echo "$i of many lines of a file"; done > ${file}; clear; echo R""EADY\n`,
    );
    await waitForScreen(page, 'READY', 60_000);
    const times: Record<string, number[]> = { yes: [], 'cat of a large file': [] };
    for (let round = 0; round < rounds; round++) {
      for (const [what, command] of [
        ['yes', 'yes'],
        ['cat of a large file', `while :; do cat ${file}; done`],
      ] as const) {
        await typeText(page, `clear; ${command}\n`);
        await delay(1_000);
        // Sent first, because keys reach a busy page faster than a script to evaluate does.
        await page.evaluate(untilPrompt);
        await page.keyboard.press('Control+c');
        times[what]?.push(await page.evaluate<number>('window.untilPrompt'));
      }
    }
    return times;
  } finally {
    await browser.close();
    await system.close();
  }
}
