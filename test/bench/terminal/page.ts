// Ctrl-C in the page, in a real browser: how long until the prompt is painted, while a flood is being drawn.

import { setTimeout as delay } from 'node:timers/promises';
import { startSystem } from '../../../local/system.ts';
import { launchBrowser, typeText, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { silent } from '../../helpers/manager.ts';

const rounds = 5;

/** Milliseconds for each flood, one by one. */
export async function interruptInPage(directory: string, file: string): Promise<Record<string, number[]>> {
  const system = await startSystem({
    directory,
    dist: new URL('../../../dist/', import.meta.url),
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas: 1, settings: { spare: '1', max: '3' } },
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
        const prompt = page.evaluate<number>(`new Promise((done) => {
          addEventListener('keydown', ({ key, ctrlKey }) => {
            if (key !== 'c' || !ctrlKey) return;
            const pressedAt = performance.now();
            const rows = () => [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent);
            const look = () =>
              /\\^C[^]*[$#]\\s*$/.test(rows().join('\\n').trimEnd()) ? done(performance.now() - pressedAt) : requestAnimationFrame(look);
            look();
          }, { capture: true });
        })`);
        await page.keyboard.press('Control+c');
        times[what]?.push(await prompt);
      }
    }
    return times;
  } finally {
    await browser.close();
    await system.close();
  }
}
