// What a visitor's eyes meet first: each frame that Chromium paints of the page is looked at, the very first included.

import test, { type ExecutionContext } from 'ava';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, until } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';

let browser: Browser;
test.before(async () => {
  browser = await launchBrowser();
});
test.after.always(() => browser?.close());

const former = 'rgb(255, 0, 255)';
const grounds = { dark: 'rgb(20, 23, 28)', light: 'rgb(251, 250, 248)', contrast: 'rgb(0, 0, 0)' };

/** Opens the page, from one of another colour, and returns the colours that the middle of the window has had since. */
async function coloursOfFrames(t: ExecutionContext, visitor: BrowserContextOptions, theme: string): Promise<string[]> {
  const eye = await browser.newPage();
  t.teardown(() => eye.close());
  const frames: string[] = [];
  let formerFrame: string | undefined;
  let onAnother = () => {};
  const another = new Promise<void>((resolve) => {
    onAnother = resolve;
  });
  const { page } = await openPage(t, browser, {
    visitor,
    async prepare({ page: opening, context }) {
      await opening.addInitScript(`localStorage.setItem('warmterm-settings', '{"theme":"${theme}"}')`);
      // The page's own script, which is large, comes when there was a frame without it, as on a slow network.
      await opening.route('**/assets/main-*.js', (route) => another.then(() => route.continue()));
      await opening.setContent(`<html style="background: ${former}">`);
      const devtools = await context.newCDPSession(opening);
      devtools.on('Page.screencastFrame', ({ data, sessionId }) => {
        frames.push(data);
        if (formerFrame !== undefined && data !== formerFrame) onAnother();
        void devtools.send('Page.screencastFrameAck', { sessionId });
      });
      await devtools.send('Page.startScreencast', { format: 'png', everyNthFrame: 1 });
      await until(async () => {
        const last = frames.at(-1);
        if (last === undefined || (await middleOf(eye, last)) !== former) return false;
        formerFrame = last;
        return true;
      }, 'a frame of the page before');
    },
  });
  await page.locator('.xterm-rows').waitFor();
  const seen: string[] = [];
  for (const frame of frames.slice(frames.indexOf(formerFrame!))) seen.push(await middleOf(eye, frame));
  return [...new Set(seen)].filter((colour) => colour !== former);
}

/** The colour in the middle of a picture. */
const middleOf = (eye: Page, png: string) =>
  eye.evaluate<string>(`(async () => {
    const bytes = Uint8Array.from(atob('${png}'), (one) => one.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    canvas.drawImage(picture, -picture.width / 2, -picture.height / 2);
    return 'rgb(' + [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(', ') + ')';
  })()`);

for (const [theme, system, expected] of [
  ['dark', { colorScheme: 'light' }, 'dark'],
  ['light', { colorScheme: 'dark' }, 'light'],
  ['contrast', { colorScheme: 'light' }, 'contrast'],
  ['system', { colorScheme: 'light' }, 'light'],
  ['system', { colorScheme: 'dark' }, 'dark'],
  ['system', { colorScheme: 'light', contrast: 'more' }, 'contrast'],
] as const) {
  test.serial(
    `set to ${theme}, where the system has ${Object.values(system).join(' and ')}: ${expected} from the first frame`,
    async (t) => {
      t.deepEqual(await coloursOfFrames(t, system, theme), [grounds[expected]]);
    },
  );
}
