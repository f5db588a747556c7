// A script of the page that does not load.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { builtPage } from '../helpers/built.ts';
import { shareBrowser, until, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { startTerminal } from '../helpers/frontend-terminal.ts';
import { startWebserver } from '../helpers/webserver-app.ts';

const browser = shareBrowser(test);

for (const part of ['main-*.js', 'style-*.css', '{first-look,claim,main}-*.js']) {
  test.serial(`reload: ${part} does not load: the page says so, reloads, and has the same terminal`, async (t) => {
    const sentence = 'A part of this page did not load';
    const failed = new Set<string>();
    let loads = 0;
    const { page, webserver } = await openPage(t, browser(), {
      until: false,
      async prepare({ page: opening }) {
        opening.on('request', (request) => {
          if (request.isNavigationRequest()) loads++;
        });
        await opening.route(`**/assets/${part}`, async (route) => {
          const url = route.request().url();
          if (failed.has(url)) {
            if (loads === 1) await opening.getByText(sentence).waitFor();
            return route.continue();
          }
          failed.add(url);
          return route.abort();
        });
      },
    });
    await until(() => loads === 2, 'a second load');
    await waitForState(page, 'connected');
    const claims = webserver.manager.requests.filter(({ path }) => path === '/api/terminals');
    t.is(claims.length, part.includes('claim') ? 1 : 2);
    t.is(new Set(claims.map(({ body }) => (body as { visitor: string }).visitor)).size, 1);
  });
}

/** A proxy that sends each request to the next of `ports`. */
async function startRoundRobin(t: ExecutionContext, ports: number[]): Promise<string> {
  let count = 0;
  const server = createServer((request, response) => {
    const { method, url: path, headers } = request;
    const port = ports[count++ % ports.length];
    const onward = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The built page with other file names, as in another build. */
function buildAnother(t: ExecutionContext): string {
  const outdir = mkdtempSync(join(tmpdir(), 'warmterm-page-'));
  t.teardown(() => rmSync(outdir, { recursive: true }));
  const files = readdirSync(builtPage, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.\w+(?<!br|gz)$/.test(name),
  );
  const hash = /-([A-Z0-9]{8})(?=\.(js|css|svg|png))/g;
  const rename = (text: string) => text.replace(hash, (_, old: string) => `-${[...old].reverse().join('')}`);
  mkdirSync(join(outdir, 'assets'));
  for (const name of files) {
    const content = readFileSync(join(builtPage, name));
    const body = name.endsWith('.png') ? content : Buffer.from(rename(content.toString()));
    const path = join(outdir, rename(name));
    writeFileSync(path, body);
    writeFileSync(`${path}.gz`, gzipSync(body, { level: 1 }));
    writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }));
  }
  return outdir;
}

test.serial(
  'reload: with two webservers of different builds in turn, the page says so, and gets its terminal',
  async (t) => {
    const terminal = await startTerminal(t);
    const builds = await Promise.all([startWebserver(t), startWebserver(t, {}, { publicDir: buildAnother(t) })]);
    for (const { manager } of builds) manager.address = { protocol: 'http', host: terminal.host, port: terminal.port };
    const url = await startRoundRobin(
      t,
      builds.map(({ port }) => port),
    );
    const page = await browser().newPage();
    t.teardown(() => page.close());
    const missing: string[] = [];
    let loads = 0;
    page.on('request', (request) => {
      if (request.isNavigationRequest()) loads++;
    });
    page.on('response', (response) => {
      if (response.status() === 404) missing.push(response.url());
    });
    await page.goto(`${url}/?renderer=dom`);
    await waitForState(page, 'connected');
    // Each load is a claim. Scripts are requested between loads.
    t.log(`${loads} loads`);
    t.true(loads <= 6, `${loads} loads`);
    t.true(
      missing.some((path) => /\/assets\/.*\.(js|css)$/.test(path)),
      `${missing}`,
    );
  },
);

test.serial('reload: when the script of a dialog is missing, the page says so, and the terminal stays', async (t) => {
  const { page } = await openPage(t, browser(), {
    prepare: ({ page: opening }) =>
      opening.route('**/assets/settings-dialog-*.js', (route) => route.fulfill({ status: 404, body: '' })),
  });
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByText('This part of the page did not load').first().waitFor();
  t.is(await page.locator('html').getAttribute('data-state'), 'connected');
});
