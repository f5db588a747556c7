// Runs over HTTP: `run` beside `pool`, by a client that is no browser.

import test, { type ExecutionContext } from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { claimRequestSchema, terminalListSchema } from '../../common/manager-api.ts';
import { offerTicket } from '../../common/socket-protocol.ts';
import { openedSchema, openTerminalSchema, paths, visitorHeader } from '../../common/terminals-api.ts';
import { startWebserver, type Webserver } from '../helpers/webserver-app.ts';
import { createVisitor, type Visitor } from '../helpers/webserver-browser.ts';
import { knock, startPod } from '../helpers/webserver-relay.ts';

const [run, other] = ['k3x9a0b7', 'zzzzzzzz'];
const query = '?EIO=4&transport=websocket';

async function start(t: ExecutionContext, environment: Record<string, string> = {}) {
  const webserver = await startWebserver(t, environment);
  return { ...webserver, client: createVisitor(webserver.url) };
}

const open = async (client: Visitor, body: object = {}) => {
  const { body: opened } = await client.send('POST', paths.terminals, { body });
  return openedSchema.parse(opened);
};

/** The claimants of the manager's requests. */
const claimants = ({ manager }: Webserver) =>
  manager.requests.filter(({ method }) => method === 'POST').map(({ body }) => claimRequestSchema.parse(body).visitor);

test('inv 2: runs: each run id and the page have one terminal each', async (t) => {
  const { client, ...webserver } = await start(t);
  const [page, first, second] = [await open(client), await open(client, { run }), await open(client, { run: other })];
  t.is(new Set([page.name, first.name, second.name]).size, 3);
  t.like(await open(client, { run }), { name: first.name, status: 'reconnected' });
  const [hash, ...runs] = claimants(webserver);
  t.regex(hash!, /^[\w-]{43}$/);
  t.deepEqual(runs, [`${hash}.${run}`, `${hash}.${other}`, `${hash}.${run}`]);
});

test('runs: describes, restarts and ends the terminal of a run, not that of the page', async (t) => {
  const { client } = await start(t);
  const [page, first] = [await open(client), await open(client, { run })];
  const at = `${paths.current}?run=${run}`;
  t.is(openTerminalSchema.parse((await client.send('GET', at)).body).name, first.name);
  const restarted = await client.send('POST', paths.restart, { body: { run } });
  t.not(openedSchema.parse(restarted.body).name, first.name);
  t.is((await client.send('DELETE', at)).status, 204);
  t.like(await client.send('GET', at), { status: 404, body: { code: 'session-not-found' } });
  t.is(openTerminalSchema.parse((await client.send('GET', paths.current)).body).name, page.name);
});

test('terminals: existing returns a ticket for the present terminal, or session-not-found', async (t) => {
  const { client, manager } = await start(t);
  const asked = { body: { run, existing: true } };
  t.like(await client.send('POST', paths.terminals, asked), { status: 404, body: { code: 'session-not-found' } });
  t.like(await client.send('POST', paths.terminals, { body: { run } }), { status: 201 });
  const again = await client.send('POST', paths.terminals, asked);
  t.is(again.status, 200);
  t.truthy(openedSchema.parse(again.body).ticket);
  t.like(manager.requests[0]?.body, { existing: true });
});

test('runs: lists all terminals of the visitor, and no others', async (t) => {
  const { client, url } = await start(t);
  const [page, first] = [await open(client), await open(client, { run, pool: 'other' })];
  await open(createVisitor(url), { run });
  const answer = await client.send('GET', paths.terminals);
  t.is(answer.headers.get('cache-control'), 'no-store');
  const { terminals } = terminalListSchema.parse(answer.body);
  const { claimedAt, expiresAt } = first;
  t.deepEqual(
    terminals.map(({ name }) => name),
    [page.name, first.name],
  );
  t.deepEqual(terminals[1], { run, name: first.name, pool: 'other', claimedAt, expiresAt });
  t.deepEqual(Object.keys(terminals[0]!).includes('run'), false);
  t.deepEqual((await createVisitor(url).send('GET', paths.terminals)).body, { terminals: [] });
  const stranger = createVisitor(url);
  stranger.id = undefined;
  t.like(await stranger.send('GET', paths.terminals), { status: 401, body: { code: 'unknown-visitor' } });
});

test('runs: a waiting run has its own position, and leaves only that', async (t) => {
  const { client, manager } = await start(t);
  manager.moveTo({ place: 2, waiting: 3 });
  t.like(await client.send('POST', paths.terminals, { body: { run } }), { status: 202, body: { place: 2 } });
  t.is((await client.send('DELETE', `${paths.place}?run=${run}`)).status, 204);
  t.regex(manager.requests.at(-1)!.path, new RegExp(`^/api/places/[\\w-]{43}\\.${run}$`));
});

for (const wrong of ['short', 'UPPERCASE', 'a'.repeat(33), 'aaaa.bbbb', 'aaaa bbbb', '../../../x', '']) {
  test(`inv 10: ${JSON.stringify(wrong)} is refused with 400 without a call of the manager`, async (t) => {
    const { client, manager } = await start(t);
    const at = (path: string) => `${path}?run=${encodeURIComponent(wrong)}`;
    for (const [method, path, options] of [
      ['POST', paths.terminals, { body: { run: wrong } }],
      ['POST', paths.restart, { body: { run: wrong } }],
      ['GET', at(paths.current), {}],
      ['DELETE', at(paths.current), {}],
      ['DELETE', at(paths.place), {}],
    ] as const) {
      const { status, body } = await client.send(method, path, options);
      t.like({ status, ...body }, { status: 400, code: 'invalid-request' }, `${method} ${path}`);
    }
    t.deepEqual(manager.requests, []);
  });
}

test('inv 10: runs: two runs in a query, or an unexpected run, answer 400', async (t) => {
  const { client, manager } = await start(t);
  const paths400 = [`${paths.current}?run=${run}&run=${other}`, `${paths.terminals}?run=${run}`];
  for (const path of paths400) t.is((await client.send('GET', path)).status, 400, path);
  t.deepEqual(manager.requests, []);
});

test('relay: reaches the terminal of the ticket’s run', async (t) => {
  const pod = await startPod(t);
  const { url, client, manager } = await start(t);
  manager.podAddress = { host: pod.host, port: pod.port };
  await open(client);
  const { ticket } = await open(client, { run });
  const arrives = pod.next();
  const headers = { 'sec-websocket-protocol': offerTicket(ticket).join(', ') };
  const answer = await knock(t, url, { headers, path: `${paths.relay}${query}&run=${run}` });
  t.is(answer.status, 101);
  await arrives;
  t.regex(manager.requests.at(-1)!.path, new RegExp(`^/api/terminals/[\\w-]{43}\\.${run}$`));
});

test('inv 8: relay: refuses a ticket for another run', async (t) => {
  const pod = await startPod(t);
  const { url, client, manager } = await start(t);
  manager.podAddress = { host: pod.host, port: pod.port };
  const [page, first] = [await open(client), await open(client, { run })];
  for (const [ticket, asked, status] of [
    [page.ticket, run, 403],
    [first.ticket, other, 403],
    [first.ticket, 'NO RUN', 400],
  ] as const) {
    const headers = { 'sec-websocket-protocol': offerTicket(ticket).join(', ') };
    const path = `${paths.relay}${query}&run=${encodeURIComponent(asked)}`;
    t.is((await knock(t, url, { headers, path })).status, status, asked);
  }
  t.is(pod.requests.length, 0);
});

for (const identity of ['browser', 'tab', 'address'] as const) {
  test(`runs: a client that is no browser works with identity ${identity}`, async (t) => {
    const { client, ...webserver } = await start(t, { WARMTERM_IDENTITY: identity, WARMTERM_TRUST_PROXY: '0' });
    const first = await open(client, { run });
    t.regex(client.id!, { browser: /^browser\./, tab: /^tab\./, address: /^none$/ }[identity]);
    t.like(await open(client, { run }), { name: first.name, status: 'reconnected' });
    t.is(new Set(claimants(webserver)).size, 1);
  });
}

test('runs: a person named by a proxy has the same runs from every client', async (t) => {
  const { url } = await start(t, {
    WARMTERM_IDENTITY: 'header',
    WARMTERM_IDENTITY_HEADER: 'X-User',
    WARMTERM_TRUST_PROXY: 'loopback',
  });
  const names = [];
  for (const client of [1, 2]) {
    const headers = { 'content-type': 'application/json', 'x-user': 'ann', [visitorHeader]: `client-${client}` };
    const body = JSON.stringify({ run });
    const answer = await fetch(url + paths.terminals, { method: 'POST', headers, body });
    names.push(openedSchema.parse(await answer.json()).name);
  }
  t.is(names[0], names[1]);
});

test('runs: a refused claim of a run carries a challenge', async (t) => {
  const { client, manager } = await start(t);
  manager.misbehave = () => new ServiceError('challenge-required', 'busy');
  const { status, body } = await client.send('POST', paths.terminals, { body: { run } });
  t.is(status, 429);
  t.like(body, { code: 'challenge-required' });
  t.truthy(body.challenge);
});
