// A part of the page that does not load.

import test from 'ava';
import { shareBrowser, until, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';

const browser = shareBrowser(test);

for (const part of ['main-*.js', 'style-*.css']) {
  test.serial(`${part} does not load: the page says so, loads again, and has the same terminal`, async (t) => {
    let loads = 0;
    const { page, webserver } = await openPage(t, browser(), {
      until: false,
      async prepare({ page: opening }) {
        opening.on('request', (request) => {
          if (request.isNavigationRequest()) loads++;
        });
        await opening.route(`**/assets/${part}`, (route) => (loads === 1 ? route.abort() : route.continue()));
      },
    });
    await page.getByText('A part of this page did not load').waitFor();
    await until(() => loads === 2, 'a second load');
    await waitForState(page, 'connected');
    const claims = webserver.manager.requests.filter(({ path }) => path === '/api/terminals');
    t.is(claims.length, 2);
    t.is(new Set(claims.map(({ body }) => (body as { visitor: string }).visitor)).size, 1);
  });
}
