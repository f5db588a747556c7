// Runs over HTTP: `run` beside `pool`, as a client does that is no browser.

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

/** Whom the manager was asked for. */
const claimants = ({ manager }: Webserver) =>
  manager.requests.filter(({ method }) => method === 'POST').map(({ body }) => claimRequestSchema.parse(body).visitor);

test('inv 2: each run has a terminal of its own, the page another, and the same id the same one', async (t) => {
  const { client, ...webserver } = await start(t);
  const [page, first, second] = [await open(client), await open(client, { run }), await open(client, { run: other })];
  t.is(new Set([page.name, first.name, second.name]).size, 3);
  t.like(await open(client, { run }), { name: first.name, status: 'reconnected' });
  const [hash, ...runs] = claimants(webserver);
  t.regex(hash!, /^[\w-]{43}$/);
  t.deepEqual(runs, [`${hash}.${run}`, `${hash}.${other}`, `${hash}.${run}`]);
});

test('a run’s terminal is looked at, restarted and ended by its id, and the page’s stays', async (t) => {
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

test('existing: a ticket for the terminal that is there, and no terminal otherwise', async (t) => {
  const { client, manager } = await start(t);
  const asked = { body: { run, existing: true } };
  t.like(await client.send('POST', paths.terminals, asked), { status: 404, body: { code: 'session-not-found' } });
  t.like(await client.send('POST', paths.terminals, { body: { run } }), { status: 201 });
  const again = await client.send('POST', paths.terminals, asked);
  t.is(again.status, 200);
  t.truthy(openedSchema.parse(again.body).ticket);
  t.like(manager.requests[0]?.body, { existing: true });
});

test('the list has all terminals of the visitor, and nobody else’s', async (t) => {
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

test('a run that waits has a place of its own, and gives up only that', async (t) => {
  const { client, manager } = await start(t);
  manager.moveTo({ place: 2, waiting: 3 });
  t.like(await client.send('POST', paths.terminals, { body: { run } }), { status: 202, body: { place: 2 } });
  t.is((await client.send('DELETE', `${paths.place}?run=${run}`)).status, 204);
  t.regex(manager.requests.at(-1)!.path, new RegExp(`^/api/places/[\\w-]{43}\\.${run}$`));
});

for (const wrong of ['short', 'UPPERCASE', 'a'.repeat(33), 'aaaa.bbbb', 'aaaa bbbb', '../../../x', '']) {
  test(`inv 10: ${JSON.stringify(wrong)} is no run: 400, and the manager is not asked`, async (t) => {
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

test('inv 10: two runs in one query are 400, and so is a run where none is meant', async (t) => {
  const { client, manager } = await start(t);
  const paths400 = [`${paths.current}?run=${run}&run=${other}`, `${paths.terminals}?run=${run}`];
  for (const path of paths400) t.is((await client.send('GET', path)).status, 400, path);
  t.deepEqual(manager.requests, []);
});

test('the relay goes to the terminal of the ticket’s run', async (t) => {
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

test('inv 8: the relay refuses a run that the ticket is not for', async (t) => {
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
  test(`a client that is no browser has runs where a visitor is one ${identity}`, async (t) => {
    const { client, ...webserver } = await start(t, { WARMTERM_IDENTITY: identity, WARMTERM_TRUST_PROXY: '0' });
    const first = await open(client, { run });
    t.regex(client.id!, { browser: /^browser\./, tab: /^tab\./, address: /^none$/ }[identity]);
    t.like(await open(client, { run }), { name: first.name, status: 'reconnected' });
    t.is(new Set(claimants(webserver)).size, 1);
  });
}

test('a person whom a proxy names has the same runs from every client', async (t) => {
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

test('a challenge comes with the refusal of a run too', async (t) => {
  const { client, manager } = await start(t);
  manager.misbehave = () => new ServiceError('challenge-required', 'busy');
  const { status, body } = await client.send('POST', paths.terminals, { body: { run } });
  t.is(status, 429);
  t.like(body, { code: 'challenge-required' });
  t.truthy(body.challenge);
});
