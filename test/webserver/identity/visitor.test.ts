import { once } from 'node:events';
import { request as startRequest } from 'node:http';
import test from 'ava';
import { ServiceError } from '../../../common/errors.ts';
import { claimRequestSchema } from '../../../common/manager-api.ts';
import { proposedId } from '../../helpers/proposed-id.ts';
import { startWebserver } from '../../helpers/webserver-app.ts';
import { createVisitor } from '../../helpers/webserver-browser.ts';

const claim = { body: {} };
const claimAs = (headers: Record<string, string>) => ({ body: {}, headers });

const signedIn = { WARMTERM_IDENTITY: 'header', WARMTERM_IDENTITY_HEADER: 'X-Forwarded-User' };

const visitorsSeen = (requests: { body: unknown }[]) =>
  requests.flatMap(({ body }) => (body as { visitor: string } | undefined)?.visitor ?? []);

test('identity: signs a proposed id and recognises it', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  const first = await visitor.send('POST', '/api/terminals', claim);
  t.regex(first.given ?? '', /^browser\.[\w-]{22}\.[\w-]{43}$/);
  const second = await visitor.send('POST', '/api/terminals', claim);
  t.is(second.given, null);
  t.is(second.body.status, 'reconnected');
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('inv 2: a claim repeated with the same proposal gets the same terminal', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  const proposal = visitor.id;
  const first = await visitor.send('POST', '/api/terminals', claim);
  // Simulate a lost answer.
  visitor.id = proposal;
  const again = await visitor.send('POST', '/api/terminals', claim);
  t.is(again.body.status, 'reconnected');
  t.is(again.body.name, first.body.name);
  t.is(again.given, first.given);
  t.true(first.given?.startsWith(`browser.${proposal?.slice('new.'.length)}.`));
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('identity: a refused claim returns the signed id too', async (t) => {
  const { url, manager } = await startWebserver(t);
  manager.misbehave = () => new ServiceError('too-many-requests', 'All 5 are in use.');
  const answer = await createVisitor(url).send('POST', '/api/terminals', claim);
  t.is(answer.status, 429);
  t.regex(answer.given ?? '', /^browser\./);
});

for (const identity of ['browser', 'tab']) {
  test(`identity: ${identity}: a request without a valid id or proposal is refused with instructions`, async (t) => {
    const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: identity });
    const visitor = createVisitor(url);
    const id = 'A'.repeat(22);
    const invalid = [undefined, '', 'none', 'x', 'new.', `new.${id}A`, `new.${id.slice(1)}`, `new.${id.slice(1)}=`];
    for (const sent of [...invalid, `new.${id.slice(1)}/`, `browser.${id}.${'A'.repeat(43)}`]) {
      for (const [method, path] of [
        ['POST', '/api/terminals'],
        ['POST', '/api/terminals/current/restart'],
        ['GET', '/api/terminals/current'],
        ['DELETE', '/api/terminals/current'],
        ['DELETE', '/api/terminals/place'],
      ] as const) {
        visitor.id = sent;
        const answer = await visitor.send(method, path, method === 'POST' ? claim : {});
        t.is(answer.status, 401, `${method} ${path} as ${sent}`);
        t.is(answer.body.code, 'unknown-visitor');
        t.regex(String(answer.body.detail), /Warmterm-Visitor: new\.<22 random base64url characters>/);
        t.is(answer.given, null);
      }
    }
    t.is(manager.requests.length, 0);
  });
}

test('identity: sets no cookie and ignores cookies', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  for (const [method, path, options] of [
    ['GET', '/', {}],
    ['POST', '/api/terminals', claim],
    ['GET', '/api/terminals/current', {}],
    ['DELETE', '/api/terminals/current', {}],
    ['GET', '/api/nothing', {}],
  ] as const) {
    t.deepEqual((await visitor.send(method, path, options)).headers.getSetCookie(), [], `${method} ${path}`);
  }
  await visitor.send('POST', '/api/terminals', claim);
  const id = visitor.id ?? '';
  const before = visitorsSeen(manager.requests).at(-1);
  const cookie = `warmterm=${id}; warmterm-visitor=${id}; __Host-warmterm=${id}`;
  await createVisitor(url).send('POST', '/api/terminals', claimAs({ cookie }));
  t.not(visitorsSeen(manager.requests).at(-1), before);
  const unnamed = createVisitor(url);
  unnamed.id = undefined;
  t.is((await unnamed.send('POST', '/api/terminals', claimAs({ cookie }))).status, 401);
});

test('identity: two browsers are two visitors', async (t) => {
  const { url, manager } = await startWebserver(t);
  await createVisitor(url).send('POST', '/api/terminals', claim);
  await createVisitor(url).send('POST', '/api/terminals', claim);
  t.is(new Set(visitorsSeen(manager.requests)).size, 2);
});

test('identity: refuses a forged or invalid id, then accepts a proposal', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  await visitor.send('POST', '/api/terminals', claim);
  const [kind, id = '', signature = ''] = visitor.id?.split('.') ?? [];
  const invalid = [
    `${kind}.${id}.${'A'.repeat(43)}`,
    `tab.${id}.${signature}`,
    `${kind}.${id.slice(1)}A.${signature}`,
    id,
  ];
  for (const sent of invalid) {
    visitor.id = sent;
    t.is((await visitor.send('POST', '/api/terminals', claim)).body.code, 'unknown-visitor', sent);
    visitor.id = proposedId();
    const answer = await visitor.send('POST', '/api/terminals', claim);
    t.regex(answer.given ?? '', /^browser\./, sent);
    t.is(answer.body.status, 'new', sent);
    t.is((await visitor.send('POST', '/api/terminals', claim)).body.status, 'reconnected', sent);
  }
  t.is(new Set(visitorsSeen(manager.requests)).size, invalid.length + 1);
});

test('identity: an id stays valid until its secret is removed', async (t) => {
  const [former, newer] = ['a secret that has been there for long', 'a secret that has been added lately'] as const;
  const seen: (string | undefined)[] = [];
  const codes: unknown[] = [];
  let id = proposedId();
  for (const secrets of [[former], [newer, former], [newer]] as [string, ...string[]][]) {
    const { url, manager } = await startWebserver(t, {}, { secrets });
    const visitor = createVisitor(url);
    visitor.id = id;
    const { body } = await visitor.send('POST', '/api/terminals', claim);
    id = visitor.id;
    seen.push(visitorsSeen(manager.requests)[0]);
    codes.push(body.code);
  }
  t.truthy(seen[0]);
  t.is(seen[0], seen[1]);
  t.deepEqual(codes, [undefined, undefined, 'unknown-visitor']);
});

test('identity: the id is neither sent to the manager nor logged', async (t) => {
  const { url, manager, logged } = await startWebserver(t);
  const visitor = createVisitor(url);
  await visitor.send('POST', '/api/terminals', claim);
  await visitor.send('POST', '/api/terminals', { body: { pool: 7 } });
  const [, id = '', signature = ''] = visitor.id?.split('.') ?? [];
  t.is(id.length, 22);
  visitor.id = `new.${id}`;
  await visitor.send('POST', '/api/terminals', claim);
  for (const text of [JSON.stringify(manager.requests), logged()]) {
    t.false(text.includes(id));
    t.false(text.includes(signature));
  }
});

test('identity: with tab, each tab is a visitor', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: 'tab' });
  const [first, other] = [createVisitor(url), createVisitor(url)];
  t.regex((await first.send('POST', '/api/terminals', claim)).given ?? '', /^tab\./);
  await other.send('POST', '/api/terminals', claim);
  await first.send('POST', '/api/terminals', claim);
  const [one, another, again] = visitorsSeen(manager.requests);
  t.not(one, another);
  t.is(one, again);
});

test('identity: the manager gets only a hash of the visitor’s network', async (t) => {
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

test('identity: the hash of a network differs from that of its visitor, and survives a new secret', async (t) => {
  const [former, newer] = ['a secret that has been there for long', 'a secret that has been added lately'];
  const before = await startWebserver(
    t,
    { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '0' },
    { secrets: [former!] },
  );
  const after = await startWebserver(
    t,
    { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '0' },
    { secrets: [newer!, former!] },
  );
  const told = [];
  for (const { url, manager } of [before, after]) {
    await createVisitor(url).send('POST', '/api/terminals', claim);
    told.push(claimRequestSchema.parse(manager.requests[0]?.body));
  }
  t.is(told[0]!.address, told[1]!.address);
  t.not(told[0]!.address, told[0]!.visitor);
});

test('identity: with address, one address is one visitor without an id', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '0' });
  const one = await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': '203.0.113.1' }));
  await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': '203.0.113.2' }));
  t.is(one.given, 'none');
  t.is(new Set(visitorsSeen(manager.requests)).size, 1);
});

test('identity: with address or sign-in, the header is not needed and answers none', async (t) => {
  for (const identity of [
    { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '0' },
    { ...signedIn, WARMTERM_TRUST_PROXY: 'loopback' },
  ] as Record<string, string>[]) {
    const { url } = await startWebserver(t, identity);
    const visitor = createVisitor(url);
    visitor.id = undefined;
    const first = await visitor.send('POST', '/api/terminals', claimAs({ 'x-forwarded-user': 'ann' }));
    t.is(first.status, 201);
    t.is(first.given, 'none');
    const second = await visitor.send('POST', '/api/terminals', claimAs({ 'x-forwarded-user': 'ann' }));
    t.is(second.status, 200);
    t.is(second.given, null);
  }
});

test('identity: uses the address that a trusted proxy forwards', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '1' });
  for (const address of ['203.0.113.1', '203.0.113.2', '198.51.100.9, 203.0.113.1']) {
    await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-for': address }));
  }
  const [first, second, third] = visitorsSeen(manager.requests);
  t.not(first, second);
  t.is(first, third);
});

test('identity: a person named by a trusted proxy is the same visitor on every device', async (t) => {
  const { url, manager, logged } = await startWebserver(t, { ...signedIn, WARMTERM_TRUST_PROXY: 'loopback' });
  for (const person of ['ann@example.org', 'bob@example.org', 'ann@example.org']) {
    const answer = await createVisitor(url).send('POST', '/api/terminals', claimAs({ 'x-forwarded-user': person }));
    t.true(answer.status < 300);
    t.is(answer.given, 'none');
  }
  const [ann, bob, again] = visitorsSeen(manager.requests);
  t.not(ann, bob);
  t.is(ann, again);
  t.false(JSON.stringify(manager.requests).includes('example.org'));
  t.false(logged().includes('ann@'));
});

test('identity: ignores the person header of an untrusted client', async (t) => {
  const { url, manager } = await startWebserver(t, { ...signedIn, WARMTERM_TRUST_PROXY: '192.0.2.0/24' });
  for (const headers of [
    { 'x-forwarded-user': 'ann@example.org' },
    { 'x-forwarded-user': 'ann@example.org', 'x-forwarded-for': '192.0.2.1' },
  ] as Record<string, string>[]) {
    const visitor = createVisitor(url);
    for (const [method, path] of [
      ['POST', '/api/terminals'],
      ['POST', '/api/terminals/current/restart'],
      ['GET', '/api/terminals/current'],
      ['DELETE', '/api/terminals/current'],
    ] as const) {
      const answer = await visitor.send(method, path, method === 'POST' ? claimAs(headers) : { headers });
      t.is(answer.status, 401, `${method} ${path}`);
      t.is(answer.body.code, 'unauthenticated');
      t.is(answer.given, null);
    }
  }
  t.is(manager.requests.length, 0);
});

test('identity: refuses a trusted proxy’s request with no name or two names', async (t) => {
  const { url, port, manager } = await startWebserver(t, { ...signedIn, WARMTERM_TRUST_PROXY: 'loopback' });
  for (const headers of [{}, { 'x-forwarded-user': '' }, { 'x-forwarded-user': '  ' }] as Record<string, string>[]) {
    t.is((await createVisitor(url).send('POST', '/api/terminals', claimAs(headers))).status, 401);
  }
  const long = await createVisitor(url).send(
    'POST',
    '/api/terminals',
    claimAs({ 'x-forwarded-user': 'x'.repeat(2_000) }),
  );
  t.is(long.status, 400);
  const request = startRequest({
    port,
    method: 'POST',
    path: '/api/terminals',
    headers: ['X-Forwarded-User', 'ann', 'x-forwarded-user', 'bob', 'host', 'h', 'content-type', 'application/json'],
  });
  const answered = once(request, 'response');
  request.end('{}');
  const [twice] = await answered;
  t.is(twice.resume().statusCode, 400);
  t.is(manager.requests.length, 0);
});
