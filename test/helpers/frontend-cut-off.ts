// Whether a page fits its window.

import type { BrowserContextOptions, Page } from 'playwright-core';

/** The narrowest phone that people still have, and the longer of the languages. */
export const germanOnNarrowPhone: BrowserContextOptions = {
  viewport: { width: 360, height: 640 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  locale: 'de',
};

const around = '.bar, .key-row, .status, .edge, .search, .dialog[open]';
// What is for ears only, scrolls by itself, or ends in "…".
const exempt =
  '.announcer, .output, .bar-state, .bar-title, .bar-word, .tab-list, .tab-list *, pre, select, datalist, datalist *';

/** What is not inside the window, or outgrows what it is in: a line of HTML for each. Scrolling downwards is allowed. */
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
