import test from 'ava';
import { poolsSchema } from '../../common/manager-api.ts';
import { hostToken, startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';
import { somePools } from '../helpers/webserver-manager.ts';

const path = '/api/host/pools';

test('host: returns the manager’s pools', async (t) => {
  const { url } = await startWebserver(t);
  const answer = await createVisitor(url).send('GET', path, { headers: { authorization: `Bearer ${hostToken}` } });
  t.is(answer.status, 200);
  t.is(answer.headers.get('cache-control'), 'no-store');
  t.deepEqual<unknown, unknown>(answer.body, somePools);
});

test('host: refuses requests without the host token', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  for (const authorization of [undefined, 'Bearer wrong', `Basic ${hostToken}`, `Bearer ${hostToken}x`, 'Bearer ']) {
    const answer = await visitor.send('GET', path, authorization === undefined ? {} : { headers: { authorization } });
    t.is(answer.status, 401);
    t.is(answer.body.code, 'unauthenticated');
  }
  t.is(manager.requests.length, 0);
});

test('host: without a host token, no page and no data', async (t) => {
  const { url } = await startWebserver(t, {}, { hostPage: false });
  const visitor = createVisitor(url);
  for (const one of [path, '/host', '/host.html', '/host/', '/host.html.br', '/%68ost']) {
    t.is((await visitor.send('GET', one)).status, 404, one);
  }
});

test('host: serves the host page with a token', async (t) => {
  const { url } = await startWebserver(t);
  const answer = await createVisitor(url).send('GET', '/host');
  t.is(answer.status, 200);
  t.is(answer.given, null);
});

test('host: pools with limits per address report that addresses are hidden', async (t) => {
  const { url, manager } = await startWebserver(t);
  const headers = { 'x-forwarded-for': '203.0.113.7' };
  for (let count = 0; count < 3; count++)
    await createVisitor(url).send('POST', '/api/terminals', { body: {}, headers });
  const [pool] = somePools.pools;
  const limited = { ...pool!, name: 'limited', settings: { ...pool!.settings, maxPerAddress: 5 } };
  manager.misbehave = ({ path: asked }) =>
    asked === '/api/pools' ? { status: 200, body: JSON.stringify({ pools: [pool, limited] }) } : undefined;
  const answer = await createVisitor(url).send('GET', path, { headers: { authorization: `Bearer ${hostToken}` } });
  const [free, told] = poolsSchema.parse(answer.body).pools;
  t.deepEqual(free?.problems, pool!.problems);
  t.regex(told?.problems.at(-1) ?? '', /visitors behind 127\.0\.0\.1 share the limits of one address/);
});

test('host: every pool reports that visitors behind an untrusted proxy share one terminal', async (t) => {
  const { url, logged } = await startWebserver(t, { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '0' });
  const headers = { 'x-forwarded-for': '203.0.113.7' };
  for (let count = 0; count < 2; count++)
    await createVisitor(url).send('POST', '/api/terminals', { body: {}, headers });
  const answer = await createVisitor(url).send('GET', path, { headers: { authorization: `Bearer ${hostToken}` } });
  for (const { problems } of poolsSchema.parse(answer.body).pools) t.regex(problems.at(-1) ?? '', /share one terminal/);
  t.is(logged().match(/share one terminal/g)?.length, 1);
});
