import test from 'ava';
import { hostToken, startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';
import { somePools } from '../helpers/webserver-manager.ts';

const path = '/api/host/pools';

test('the host sees the pools as the manager tells them', async (t) => {
  const { url } = await startWebserver(t);
  const answer = await createVisitor(url).send('GET', path, { headers: { authorization: `Bearer ${hostToken}` } });
  t.is(answer.status, 200);
  t.is(answer.headers.get('cache-control'), 'no-store');
  t.deepEqual<unknown, unknown>(answer.body, somePools);
});

test('nobody else does', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  for (const authorization of [undefined, 'Bearer wrong', `Basic ${hostToken}`, `Bearer ${hostToken}x`, 'Bearer ']) {
    const answer = await visitor.send('GET', path, authorization === undefined ? {} : { headers: { authorization } });
    t.is(answer.status, 401);
    t.is(answer.body.code, 'unauthenticated');
  }
  t.is(manager.requests.length, 0);
});

test('without a host token there is neither page nor data', async (t) => {
  const { url } = await startWebserver(t, {}, { hostPage: false });
  const visitor = createVisitor(url);
  for (const one of [path, '/host', '/host.html', '/host/', '/host.html.br', '/%68ost']) {
    t.is((await visitor.send('GET', one)).status, 404, one);
  }
});

test('with one, the page is there', async (t) => {
  const { url } = await startWebserver(t);
  const answer = await createVisitor(url).send('GET', '/host');
  t.is(answer.status, 200);
  t.deepEqual(answer.setCookies, []);
});
