import test from 'ava';
import { claimRequestSchema } from '../../../common/manager-api.ts';
import { startWebserver } from '../../helpers/webserver-app.ts';
import { createVisitor } from '../../helpers/webserver-browser.ts';

const claim = { body: {} };
const claimAs = (headers: Record<string, string>) => ({ body: {}, headers });

const visitorsSeen = (requests: { body: unknown }[]) =>
  requests.map(({ body }) => (body as { visitor: string }).visitor);

test('a browser gets one signed cookie, and is known by it', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  const first = await visitor.send('POST', '/api/terminals', claim);
  t.is(first.setCookies.length, 1);
  t.regex(
    first.setCookies[0] ?? '',
    /^warmterm=[\w-]{22}\.\d+\.[\w-]{43}; Max-Age=2592000; Path=\/; .*HttpOnly; SameSite=Lax$/,
  );
  const second = await visitor.send('POST', '/api/terminals', claim);
  t.deepEqual(second.setCookies, []);
  t.is(second.body.status, 'reconnected');
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('the page itself brings the cookie, so that a lost answer to a claim is not a lost terminal', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  t.is((await visitor.send('GET', '/')).setCookies.length, 1);
  t.deepEqual((await visitor.send('POST', '/api/terminals', claim)).setCookies, []);
  await visitor.send('POST', '/api/terminals', claim);
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('two browsers are two visitors', async (t) => {
  const { url, manager } = await startWebserver(t);
  await createVisitor(url).send('POST', '/api/terminals', claim);
  await createVisitor(url).send('POST', '/api/terminals', claim);
  t.is(new Set(visitorsSeen(manager.requests)).size, 2);
});

test('a forged cookie is a new visitor', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  await visitor.send('POST', '/api/terminals', claim);
  const [id = '', issued] = visitor.cookies.get('warmterm')?.split('.') ?? [];
  visitor.cookies.set('warmterm', `${id}.${issued}.${'A'.repeat(43)}`);
  const forged = await visitor.send('POST', '/api/terminals', claim);
  t.is(forged.setCookies.length, 1);
  t.is(forged.body.status, 'new');
  t.is(new Set(visitorsSeen(manager.requests)).size, 2);
});

test('neither the cookie nor the id leaves the webserver, nor is logged', async (t) => {
  const { url, manager, logged } = await startWebserver(t);
  const visitor = createVisitor(url);
  await visitor.send('POST', '/api/terminals', claim);
  await visitor.send('POST', '/api/terminals', { body: { pool: 7 } });
  const [id = '', , signature = ''] = visitor.cookies.get('warmterm')?.split('.') ?? [];
  t.is(id.length, 22);
  for (const text of [JSON.stringify(manager.requests), logged()]) {
    t.false(text.includes(id));
    t.false(text.includes(signature));
  }
});

test('the cookie is written anew after a day, and its visitor stays the same', async (t) => {
  let now = Date.UTC(2026, 0, 1);
  const { url, manager } = await startWebserver(t, {}, { clock: () => now });
  const visitor = createVisitor(url);
  await visitor.send('POST', '/api/terminals', claim);
  now += 25 * 3_600_000;
  t.is((await visitor.send('POST', '/api/terminals', claim)).setCookies.length, 1);
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('over https the cookie is bound to the host and secure', async (t) => {
  const { url } = await startWebserver(t, { WARMTERM_TRUST_PROXY: 'loopback' });
  const answer = await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-proto': 'https' }));
  t.regex(answer.setCookies[0] ?? '', /^__Host-warmterm=.*; Path=\/; .*Secure; SameSite=Lax$/);
});

test('each tab is a visitor of its own where the setting says so, and must say which it is', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: 'tab' });
  const visitor = createVisitor(url);
  for (const tab of ['first-tab-0000000', 'other-tab-0000000', 'first-tab-0000000']) {
    await visitor.send('POST', '/api/terminals', claimAs({ 'x-warmterm-tab': tab }));
  }
  const [first, other, again] = visitorsSeen(manager.requests);
  t.not(first, other);
  t.is(first, again);
  const none = await visitor.send('POST', '/api/terminals', claim);
  t.is(none.status, 400);
  t.regex(String(none.body.detail), /x-warmterm-tab/);
  const stolen = await createVisitor(url).send(
    'POST',
    '/api/terminals',
    claimAs({ 'x-warmterm-tab': 'first-tab-0000000' }),
  );
  t.is(stolen.body.status, 'new');
});

test('the manager is told a hash of the network that a claim comes from, and no more', async (t) => {
  const { url, manager, logged } = await startWebserver(t, { WARMTERM_TRUST_PROXY: '1' });
  const visitor = createVisitor(url);
  const addresses = ['203.0.113.1', '203.0.113.2', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'];
  for (const address of addresses) {
    await visitor.send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': address }));
  }
  await visitor.send('POST', '/api/terminals/current/restart', claimAs({ 'x-forwarded-for': '203.0.113.1' }));
  const [first, second, third, same, another, restarted] = manager.requests.map(
    ({ body }) => claimRequestSchema.parse(body).address,
  );
  t.is(new Set([first, second, third, another]).size, 4);
  t.deepEqual([same, restarted], [third, first]);
  for (const address of addresses) {
    t.false(JSON.stringify(manager.requests).includes(address));
    t.false(logged().includes(address));
  }
});

test('the hash of a network is another than that of the visitor who is known by it, and outlives a new secret', async (t) => {
  const [former, newer] = ['a secret that has been there for long', 'a secret that has been added lately'];
  const before = await startWebserver(t, { WARMTERM_IDENTITY: 'address' }, { secrets: [former!] });
  const after = await startWebserver(t, { WARMTERM_IDENTITY: 'address' }, { secrets: [newer!, former!] });
  const told = [];
  for (const { url, manager } of [before, after]) {
    await createVisitor(url).send('POST', '/api/terminals', claim);
    told.push(claimRequestSchema.parse(manager.requests[0]?.body));
  }
  t.is(told[0]!.address, told[1]!.address);
  t.not(told[0]!.address, told[0]!.visitor);
});

test('an address is one visitor, whatever it claims to be, and gets no cookie', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: 'address' });
  const one = await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': '203.0.113.1' }));
  await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': '203.0.113.2' }));
  t.deepEqual(one.setCookies, []);
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('behind a trusted proxy the address is the one that the proxy saw', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '1' });
  for (const address of ['203.0.113.1', '203.0.113.2', '198.51.100.9, 203.0.113.1']) {
    await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': address }));
  }
  const [first, second, third] = visitorsSeen(manager.requests);
  t.not(first, second);
  t.is(first, third);
});
