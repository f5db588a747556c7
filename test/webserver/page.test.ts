import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import test from 'ava';
import { startWebserver } from '../helpers/webserver-app.ts';

// fetch would decompress the body and hide the bytes on the wire.
function get(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const sent = request(url, { headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    });
    sent.on('error', reject).end();
  });
}

async function assets(url: string): Promise<string[]> {
  const { body } = await get(url);
  return [...body.toString().matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map((match) => `/${match[1]}`);
}

test('page: its files are hashed, compressed and immutable', async (t) => {
  const { url } = await startWebserver(t);
  const paths = await assets(url);
  t.true(paths.length >= 4);
  for (const path of paths) {
    t.regex(path, /-[A-Z0-9]{8}\.(js|css|svg|png)$/);
    const plain = await get(url + path);
    const brotli = await get(url + path, { 'accept-encoding': 'gzip, br' });
    const gzip = await get(url + path, { 'accept-encoding': 'gzip' });
    t.is(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    t.is(brotli.headers['content-encoding'], 'br');
    t.is(gzip.headers['content-encoding'], 'gzip');
    t.is(brotli.headers['content-type'], plain.headers['content-type']);
    t.true(brotliDecompressSync(brotli.body).equals(plain.body));
    t.true(gunzipSync(gzip.body).equals(plain.body));
    t.regex(String(brotli.headers.vary), /Accept-Encoding/i);
  }
});

test('page: a 404 for a file of another build is not cached; reload.js keeps its name', async (t) => {
  const { url } = await startWebserver(t);
  const missing = await get(`${url}/assets/main-AAAAAAAA.js`);
  t.deepEqual([missing.status, missing.headers['cache-control']], [404, 'no-store']);
  for (const path of ['/', '/host']) t.regex(String((await get(url + path)).body), /<script src="reload\.js">/);
  const reload = await get(`${url}/reload.js`);
  t.is(reload.status, 200);
  t.regex(String(reload.headers['cache-control']), /max-age=86400/);
});

test('page: is revalidated at every visit', async (t) => {
  const { url } = await startWebserver(t);
  const first = await get(url, { 'accept-encoding': 'br' });
  t.is(first.headers['cache-control'], 'private, no-cache');
  t.is(first.headers['content-encoding'], 'br');
  const again = await get(url, { 'accept-encoding': 'br', 'if-none-match': String(first.headers.etag) });
  t.is(again.status, 304);
});

test('page: has no inline script or style', async (t) => {
  const { url } = await startWebserver(t);
  for (const path of ['/', '/host']) {
    const page = (await get(url + path)).body.toString();
    t.notRegex(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    t.notRegex(page, /\{\{|<!--/);
  }
});

test('headers: WARMTERM_FRAME_ANCESTORS applies to the page, and the host page allows none', async (t) => {
  const { url } = await startWebserver(t, { WARMTERM_FRAME_ANCESTORS: 'https://school.example.org' });
  const framing = async (path: string) => {
    const { headers } = await get(url + path);
    const policy = /frame-ancestors ([^;]*)/.exec(String(headers['content-security-policy']))?.[1];
    return [policy, headers['x-frame-options']];
  };
  for (const path of ['/', '/?pool=default', '/index.html']) {
    t.deepEqual(await framing(path), ['https://school.example.org', undefined], path);
  }
  for (const path of ['/host', '/host.html', '/healthz', '/api/terminals/current', '/nothing']) {
    t.deepEqual(await framing(path), [`'none'`, 'DENY'], path);
  }
});

test('frame: a site that may not show the page gets a sentence and a link, which any site may show', async (t) => {
  const { url } = await startWebserver(t, {
    WARMTERM_FRAME_ANCESTORS: 'self,https://*.example.edu,http://old.example.org',
  });
  const none = await startWebserver(t);
  const shown = async (path: string, headers: Record<string, string>, at = url) => {
    const answer = await get(at + path, { 'sec-fetch-dest': 'iframe', ...headers });
    const html = answer.body.toString();
    if (!html.includes('may not be shown inside another page') && !html.includes('darf nicht in einer anderen'))
      return 'page';
    t.regex(String(answer.headers['content-security-policy']), /^default-src 'none'; .*frame-ancestors \*$/);
    t.is(answer.headers['x-frame-options'], undefined);
    t.is(answer.headers['cache-control'], 'no-store');
    t.deepEqual(html.match(/<(a|button|form|input|script|img|iframe)\b[^>]*>/g), [
      '<a href="" target="_blank" rel="noopener noreferrer">',
    ]);
    return 'sentence';
  };
  for (const [referer, expected] of [
    ['https://course.example.edu/', 'page'],
    ['https://a.b.example.edu/', 'page'],
    ['https://example.edu/', 'sentence'],
    ['http://course.example.edu/', 'sentence'],
    ['https://course.example.edu:8443/', 'sentence'],
    ['https://example.edu.attacker.example/', 'sentence'],
    ['https://attacker.example/?https://course.example.edu', 'sentence'],
    ['https://old.example.org/', 'page'],
    ['http://old.example.org/', 'page'],
    // Only the browser knows of such pages.
    ['no address', 'page'],
  ] as const) {
    t.is(await shown('/', { 'sec-fetch-site': 'cross-site', referer }), expected, referer);
  }
  t.is(await shown('/', { 'sec-fetch-site': 'same-origin', referer: url }), 'page');
  t.is(await shown('/', { 'sec-fetch-site': 'cross-site' }), 'page', 'a site that hides its address');
  t.is(await shown('/', { 'accept-language': 'de-AT' }, none.url), 'sentence');
  for (const path of ['/host', '/host.html', '/index.html', '/?pool="><script>'])
    t.is(await shown(path, { 'sec-fetch-site': 'same-origin', referer: url }, none.url), 'sentence', path);
  t.is(await shown('/', { 'sec-fetch-dest': 'document' }, none.url), 'page');
  const page = await get(none.url);
  t.regex(String(page.headers.vary), /sec-fetch-dest/i);
});

test('headers: every answer has the security headers', async (t) => {
  const { url } = await startWebserver(t);
  for (const path of ['/', '/healthz', '/api/terminals/current', '/nothing', ...(await assets(url)).slice(0, 1)]) {
    const { headers } = await get(url + path);
    t.regex(
      String(headers['content-security-policy']),
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
      path,
    );
    t.is(headers['x-content-type-options'], 'nosniff');
    t.is(headers['referrer-policy'], 'no-referrer');
    t.is(headers['cross-origin-opener-policy'], 'same-origin');
    t.is(headers['cross-origin-resource-policy'], 'same-origin');
    t.is(headers['x-frame-options'], 'DENY');
    t.regex(String(headers['permissions-policy']), /clipboard-write=\(self\)/);
    t.is(headers['x-powered-by'], undefined);
    t.is(headers['strict-transport-security'], undefined);
  }
});
