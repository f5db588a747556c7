import { brotliCompressSync, gzipSync } from 'node:zlib';
import test from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { problemSchema } from '../../common/http/problem.ts';
import { waitingSchema } from '../../common/manager-api.ts';
import { openedSchema, openTerminalSchema, visitorHeader } from '../../common/terminals-api.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { type Answer, createVisitor } from '../helpers/webserver-browser.ts';
import { managerToken } from '../helpers/webserver-manager.ts';

const claim = { body: {} };

function problem(answer: Answer) {
  const { code, detail, status } = problemSchema.parse(answer.body);
  return { code, detail, status, type: answer.headers.get('content-type') };
}

test('inv 2: terminals: the first claim answers 201, the next 200 with the same terminal', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  const first = await visitor.send('POST', '/api/terminals', claim);
  const second = await visitor.send('POST', '/api/terminals', claim);
  t.deepEqual([first.status, second.status], [201, 200]);
  const [opened, again] = [openedSchema.parse(first.body), openedSchema.parse(second.body)];
  t.is(opened.url, 'http://192.0.2.7:30123');
  t.is(opened.name, again.name);
  t.not(opened.ticket, again.ticket);
  t.is(first.headers.get('cache-control'), 'no-store');
  t.true(manager.requests.every(({ authorization }) => authorization === `Bearer ${managerToken}`));
  t.deepEqual(
    Object.keys(first.body).toSorted(),
    Object.keys(openedSchema.omit({ relayProblem: true, former: true }).shape).toSorted(),
  );
});

test('terminals: describes and ends a terminal; the next claim gets a fresh one', async (t) => {
  const { url } = await startWebserver(t);
  const visitor = createVisitor(url);
  t.is(problem(await visitor.send('GET', '/api/terminals/current')).code, 'session-not-found');
  const { body } = await visitor.send('POST', '/api/terminals', claim);
  const current = await visitor.send('GET', '/api/terminals/current');
  t.is(openTerminalSchema.parse(current.body).name, String(body.name));
  t.is(current.body.ticket, undefined);
  t.is((await visitor.send('DELETE', '/api/terminals/current')).status, 204);
  t.is(problem(await visitor.send('DELETE', '/api/terminals/current')).status, 404);
  const next = await visitor.send('POST', '/api/terminals', claim);
  t.is(next.body.status, 'new');
  t.not(next.body.name, body.name);
});

test('terminals: restart ends the terminal and returns another', async (t) => {
  const { url } = await startWebserver(t);
  const visitor = createVisitor(url);
  const first = await visitor.send('POST', '/api/terminals', claim);
  const second = await visitor.send('POST', '/api/terminals/current/restart', claim);
  t.is(second.status, 201);
  t.not(openedSchema.parse(second.body).name, openedSchema.parse(first.body).name);
});

test('inv 12: terminals: a full pool answers 202 with a position, and the next request waits', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  const promised = { by: 1_000_000, position: 2, terminals: 4, on: 'sessions' } as const;
  const line = { place: 2, waiting: 3, earliestSeconds: 20, expectedSeconds: 40, promised };
  manager.moveTo(line);
  const first = await visitor.send('POST', '/api/terminals', claim);
  t.is(first.status, 202);
  t.deepEqual(waitingSchema.parse(first.body), { ...line, status: 'waiting', pool: 'default' });
  const asked = visitor.send('POST', '/api/terminals', { body: { place: 2, promised } });
  while (manager.requests.length < 2) await new Promise(setImmediate);
  t.like(manager.requests[1]?.body, { place: 2, promised });
  manager.moveTo({ place: 1, waiting: 2 });
  t.like(await asked, { status: 202, body: { place: 1, waiting: 2 } });
  const restarted = await visitor.send('POST', '/api/terminals/current/restart', claim);
  t.like(restarted, { status: 202, body: { place: 1 } });
  manager.moveTo(undefined);
  t.is((await visitor.send('POST', '/api/terminals', { body: { place: 1 } })).status, 201);
  for (const place of [0, 1.5, '1']) {
    t.is(problem(await visitor.send('POST', '/api/terminals', { body: { place } })).status, 400);
  }
  const forged = { body: { promised: { ...promised, by: -1 } } };
  t.is(problem(await visitor.send('POST', '/api/terminals', forged)).status, 400);
});

test('terminals: DELETE place leaves the queue of the named pool', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  manager.moveTo({ place: 1, waiting: 1 });
  await visitor.send('POST', '/api/terminals', claim);
  const { visitor: hash } = manager.requests[0]!.body as { visitor: string };
  t.is((await visitor.send('DELETE', '/api/terminals/place')).status, 204);
  t.is((await visitor.send('DELETE', '/api/terminals/place?pool=other')).status, 204);
  t.is((await visitor.send('DELETE', '/api/terminals/place?pol=other')).status, 400);
  const foreign = { headers: { origin: 'https://evil.example.org' } };
  t.is((await visitor.send('DELETE', '/api/terminals/place', foreign)).status, 403);
  t.deepEqual(
    manager.requests.slice(1).map(({ method, path }) => `${method} ${path}`),
    [`DELETE /api/places/${hash}`, `DELETE /api/places/${hash}?pool=other`],
  );
  manager.misbehave = () => new ServiceError('not-found', 'There is no pool named other.');
  t.is(problem(await visitor.send('DELETE', '/api/terminals/place?pool=other')).code, 'not-found');
});

test('terminals: ?pool= selects one of several terminals', async (t) => {
  const plain = await startWebserver(t);
  const set = await startWebserver(t, { WARMTERM_POOL: 'workshop' });
  for (const [{ url, manager }, expected] of [
    [plain, ['', '?pool=other']],
    [set, ['?pool=workshop', '?pool=other']],
  ] as const) {
    const visitor = createVisitor(url);
    await visitor.send('GET', '/api/terminals/current');
    await visitor.send('DELETE', '/api/terminals/current?pool=other');
    t.deepEqual(
      manager.requests.map(({ path }) => path.replace(/^[^?]*/, '')),
      [...expected],
    );
    for (const wrong of ['?pool=../x', '?pol=other', '?pool=a&pool=b']) {
      t.is((await visitor.send('GET', `/api/terminals/current${wrong}`)).status, 400, wrong);
    }
  }
});

test('terminals: uses the requested pool, else WARMTERM_POOL, else none', async (t) => {
  const plain = await startWebserver(t);
  const set = await startWebserver(t, { WARMTERM_POOL: 'workshop' });
  for (const { url } of [plain, set]) {
    await createVisitor(url).send('POST', '/api/terminals', claim);
    await createVisitor(url).send('POST', '/api/terminals', { body: { pool: 'other' } });
  }
  const pools = [plain, set].map(({ manager }) => manager.requests.map(({ body }) => (body as { pool?: string }).pool));
  t.deepEqual(pools, [
    [undefined, 'other'],
    ['workshop', 'other'],
  ]);
});

test('address: mode page uses the page’s host name, also behind proxies', async (t) => {
  const { url, port } = await startWebserver(t, { WARMTERM_ADDRESS: 'page', WARMTERM_TRUST_PROXY: 'loopback' });
  const direct = await createVisitor(`http://localhost:${port}`).send('POST', '/api/terminals', claim);
  t.is(direct.body.url, 'http://localhost:30123');
  const headers = { 'x-forwarded-host': 'shell.example.org', 'x-forwarded-proto': 'https' };
  const behind = await createVisitor(url).send('POST', '/api/terminals', { body: {}, headers });
  // Node ports have no TLS.
  t.is(behind.body.url, 'http://shell.example.org:30123');
});

test('inv 10: terminals: names what is wrong with garbage, and does not call the manager', async (t) => {
  const { url, manager } = await startWebserver(t);
  const visitor = createVisitor(url);
  for (const [body, detail] of [
    ['{"pool":', /cannot be read/],
    ['[]', /expected object/],
    ['"text"', /cannot be read/],
    ['{"pool":"Not A Pool"}', /pool: must be the name of a pool/],
    ['{"visitor":"somebody else"}', /visitor/],
  ] as const) {
    const answer = problem(await visitor.send('POST', '/api/terminals', { body }));
    t.is(answer.status, 400, body);
    t.regex(answer.detail, detail);
    t.is(answer.type, 'application/problem+json; charset=utf-8');
  }
  const text = await visitor.send('POST', '/api/terminals', { body: '{}', headers: { 'content-type': 'text/plain' } });
  t.is(problem(text).code, 'invalid-request');
  const large = await visitor.send('POST', '/api/terminals', { body: { pool: 'x'.repeat(10_000) } });
  t.is(problem(large).code, 'too-large');
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await fetch(`${url}/api/terminals`, { method: 'POST', headers, body: compress('{}') });
    t.is(answer.status, 400);
    t.regex(problemSchema.parse(await answer.json()).detail, /content encoding unsupported/);
  }
  t.is(manager.requests.length, 0);
});

test('same-origin: refuses requests of other sites’ pages, without effect', async (t) => {
  const { url, manager, port } = await startWebserver(t);
  const visitor = createVisitor(url);
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example.org' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', origin: url },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: `http://127.0.0.1:${port + 1}` },
  ];
  for (const headers of foreign) {
    for (const [method, path] of [
      ['POST', '/api/terminals'],
      ['POST', '/api/terminals/current/restart'],
      ['DELETE', '/api/terminals/current'],
    ] as const) {
      const options = method === 'POST' ? { body: {}, headers } : { headers };
      const answer = await visitor.send(method, path, options);
      t.is(problem(answer).code, 'forbidden', `${method} ${path} ${JSON.stringify(headers)}`);
      t.is(answer.given, null);
      t.is(answer.headers.get('access-control-allow-origin'), null);
    }
  }
  t.is(manager.requests.length, 0);
  t.is((await visitor.send('POST', '/api/terminals', { body: {}, headers: { origin: url } })).status, 201);
});

test('terminals: passes on the manager’s refusals with retryAfter', async (t) => {
  const { url, manager } = await startWebserver(t);
  manager.misbehave = () => new ServiceError('too-many-requests', 'All 5 are in use.', { retryAfter: 4.2 });
  const answer = await createVisitor(url).send('POST', '/api/terminals', claim);
  t.is(answer.status, 429);
  t.is(answer.headers.get('retry-after'), '5');
  const { code, detail, retryable, retryAfter } = problemSchema.parse(answer.body);
  t.deepEqual(
    { code, detail, retryable, retryAfter },
    { code: 'too-many-requests', detail: 'All 5 are in use.', retryable: true, retryAfter: 4.2 },
  );
});

for (const code of ['unauthenticated', 'forbidden'] as const) {
  test(`manager-client: ${code} from the manager becomes unavailable`, async (t) => {
    const { url, manager } = await startWebserver(t);
    manager.misbehave = () => new ServiceError(code, 'no');
    t.is(problem(await createVisitor(url).send('POST', '/api/terminals', claim)).code, 'unavailable');
  });
}

test('inv 12: manager-client: no answer is timeout after the deadline', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_REQUEST_TIMEOUT: '150ms' });
  manager.misbehave = () => 'hang';
  const answer = problem(await createVisitor(url).send('POST', '/api/terminals', claim));
  t.is(answer.code, 'timeout');
  t.is(answer.status, 504);
});

test('terminals: a client that disconnects cancels its claim without an error', async (t) => {
  const { url, manager, logged } = await startWebserver(t);
  let asked = () => {};
  const reached = new Promise<void>((resolve) => {
    asked = resolve;
  });
  manager.misbehave = () => {
    asked();
    return 'hang';
  };
  const leave = new AbortController();
  const headers = { 'content-type': 'application/json', [visitorHeader]: proposedId() };
  const answer = fetch(`${url}/api/terminals`, { method: 'POST', headers, body: '{}', signal: leave.signal });
  await reached;
  leave.abort();
  t.is(await answer.catch((error: Error) => error.name), 'AbortError');
  await manager.hungUp();
  t.is(logged(), '');
});

test('manager-client: an invalid answer or no connection is unavailable', async (t) => {
  const { url, manager } = await startWebserver(t);
  const nonsense = [
    { status: 200, body: '{"name":"x"}' },
    { status: 200, body: '<html>' },
    { status: 502, body: 'Bad Gateway' },
  ];
  for (const answer of nonsense) {
    manager.misbehave = () => answer;
    t.is(problem(await createVisitor(url).send('POST', '/api/terminals', claim)).code, 'unavailable');
  }
  const gone = await startWebserver(t, { WARMTERM_MANAGER_URL: 'http://127.0.0.1:9' });
  t.is(problem(await createVisitor(gone.url).send('POST', '/api/terminals', claim)).code, 'unavailable');
});

test('health: healthy and ready while the manager is down', async (t) => {
  const { url, manager } = await startWebserver(t);
  manager.misbehave = () => 'hang';
  for (const path of ['/healthz', '/readyz']) t.is((await createVisitor(url).send('GET', path)).status, 200);
  t.is(manager.requests.length, 0);
});

test('http: an unknown path answers 404 with a problem document', async (t) => {
  const { url } = await startWebserver(t);
  const visitor = createVisitor(url);
  for (const [method, path] of [
    ['PUT', '/api/terminals'],
    ['PUT', '/api/terminals/current'],
    ['POST', '/'],
    ['GET', '/nothing'],
    ['GET', '/assets/nothing.js'],
    ['GET', '/..%2f..%2fpackage.json'],
    ['GET', '/%E0%A4%A'],
  ] as const) {
    const answer = problem(await visitor.send(method, path));
    t.true([404, 400].includes(answer.status), `${method} ${path}: ${answer.status}`);
  }
});
