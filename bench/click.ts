// From a click to a prompt, in a real browser.

import { launchBrowser } from '../test/helpers/frontend-browser.ts';

/**
 * Opens the page as a new visitor `visits` times, with an empty cache, when `refilled` says that a terminal is ready.
 * Milliseconds to the first prompt painted, and the most kilobytes that a visit has brought.
 */
export async function clickToPrompt(pageUrl: string, visits: number, refilled: () => Promise<void>) {
  const browser = await launchBrowser();
  const prompt: number[] = [];
  let transferKB = 0;
  try {
    for (let visit = 0; visit < visits; visit++) {
      await refilled();
      // The page's policy forbids the eval that waitForFunction needs.
      const context = await browser.newContext({ bypassCSP: true });
      const page = await context.newPage();
      let bytes = 0;
      const devtools = await context.newCDPSession(page);
      await devtools.send('Network.enable');
      devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
      });
      await page.goto(`${pageUrl}?renderer=dom`, { waitUntil: 'commit' });
      // Measured by the page's own clock, from the start of the navigation to the frame that shows a prompt.
      const painted = await page.waitForFunction(
        "/[$#] *$/m.test([...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent).join('\\n').trimEnd()) && performance.now()",
        undefined,
        { polling: 'raf' },
      );
      prompt.push((await painted.jsonValue()) as number);
      transferKB = Math.max(transferKB, bytes / 1_000);
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return { prompt, transferKB };
}
