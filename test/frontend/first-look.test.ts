// The first frames that a visitor sees: checks each frame that Chromium paints of the page, including the first.

import test, { type ExecutionContext } from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { shareBrowser, until } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';

const browser = shareBrowser(test);

const former = 'rgb(255, 0, 255)';
const blank = 'rgb(255, 255, 255)';
const grounds = { dark: 'rgb(20, 23, 28)', light: 'rgb(251, 250, 248)', contrast: 'rgb(0, 0, 0)' };

/** Opens the page from one of another colour. Returns the colours of the middle of the window since then. */
async function coloursOfFrames(t: ExecutionContext, visitor: BrowserContextOptions, theme: string): Promise<string[]> {
  const eye = await browser().newPage();
  t.teardown(() => eye.close());
  /** Colours of the frames, in order, starting with the previous page. */
  const colours: string[] = [];
  let decoded: Promise<unknown> = Promise.resolve();
  let onAnother = () => {};
  const another = new Promise<void>((resolve) => {
    onAnother = resolve;
  });
  const look = async (png: string) => {
    const colour = await middleOf(eye, png);
    if (colours.length === 0 && colour !== former) return;
    colours.push(colour);
    if (colour !== former) onAnother();
  };
  const { page } = await openPage(t, browser(), {
    visitor,
    async prepare({ page: opening, context }) {
      await opening.addInitScript(`localStorage.setItem('warmterm-settings', '{"theme":"${theme}"}')`);
      // The page's large script arrives only after a frame without it, as on a slow network.
      await opening.route('**/assets/main-*.js', (route) => another.then(() => route.continue()));
      await opening.setContent(`<html style="background: ${former}"><body>`);
      const devtools = await context.newCDPSession(opening);
      devtools.on('Page.screencastFrame', ({ data, sessionId }) => {
        // Either page may close before this is over.
        decoded = decoded.then(() => look(data)).catch(() => {});
        devtools.send('Page.screencastFrameAck', { sessionId }).catch(() => {});
      });
      await devtools.send('Page.startScreencast', { format: 'png', everyNthFrame: 1 });
      await until(async () => {
        // Chromium sends a frame only when something has changed.
        await opening.evaluate("document.body.append('.')");
        await decoded;
        return colours.length > 0;
      }, 'a frame of the page before');
    },
  });
  await page.locator('.xterm-rows').waitFor();
  await decoded;
  return [...new Set(colours)].filter((colour) => colour !== former);
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
      let seen = await coloursOfFrames(t, system, theme);
      // On a busy machine Chromium may draw a blank frame of its own between two pages. A page that flashes does so each time.
      for (let again = 0; again < 2 && seen.includes(blank); again++) seen = await coloursOfFrames(t, system, theme);
      t.deepEqual(seen, [grounds[expected]]);
    },
  );
}
