// Checks whether a page fits its window.

import type { BrowserContextOptions, Page } from 'playwright-core';

/** The narrowest phone in use, and the language with the longer texts. */
export const germanOnNarrowPhone: BrowserContextOptions = {
  viewport: { width: 360, height: 640 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  locale: 'de',
};

const around = '.bar, .key-row, .status, .edge, .search, .dialog[open]';
// Elements for screen readers only, elements that scroll, and elements that end in "…".
const exempt =
  '.announcer, .output, .bar-state, .bar-title, .bar-word, .tab-list, .tab-list *, pre, select, datalist, datalist *';

/** Elements outside the window, or larger than their container: one line of HTML each. Vertical scrolling is allowed. */
export const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('${around}')]
    .flatMap((one) => [one, ...one.querySelectorAll('*')])
    .filter((one) => one.checkVisibility() && !one.matches('${exempt}') && one.namespaceURI.endsWith('xhtml'))
    .filter((one) => {
      const { left, right, bottom } = one.getBoundingClientRect();
      const outside = left < 0 || right > innerWidth || (bottom > innerHeight && !one.closest('.dialog-body'));
      return outside || (one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1);
    })
    .map((one) => one.outerHTML.slice(0, 200))`);
