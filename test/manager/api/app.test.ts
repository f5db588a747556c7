// The manager's HTTP API over a model cluster: authorization, and the answers to invalid requests.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createRandom } from '../../../bench/simulate/random.ts';
import { problemSchema } from '../../../common/http/problem.ts';
import { keySetSchema } from '../../../common/key-set.ts';
import {
  claimSchema,
  paths,
  poolsSchema,
  terminalListSchema,
  terminalSchema,
  waitingSchema,
} from '../../../common/manager-api.ts';
import { ApiError } from '../../../manager/kubernetes/api-error.ts';
import { bombard, watchConnections } from '../../helpers/garbage.ts';
import { seedOf } from '../../helpers/long.ts';
import { settle } from '../../helpers/manager.ts';
import { createManagerApp } from '../../helpers/manager-app.ts';
import { nextTurn } from '../../helpers/model-cluster.ts';
import { forgeToken } from '../../helpers/service-tokens.ts';

const visitor = 'v'.repeat(43);

async function start(t: ExecutionContext, { isReady = () => true }: { isReady?: () => boolean } = {}) {
  const time = { now: 1_000_000 };
  const { app, model, manager, webToken, reviews } = await createManagerApp({ clock: () => time.now, isReady });
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await manager.stop();
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const call = async (
    method: string,
    path: string,
    { token = webToken, body }: { token?: string; body?: unknown } = {},
  ) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(origin + path, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), body: answer && parse(answer) };
  };
  const claim = () => call('POST', '/api/terminals', { body: { visitor } });
  const waiting = () => manager.claims.waiting(manager.pools.get('default')!);
  /** All terminals are in use and the visitor claims. Resolves once the visitor is in the manager's queue. */
  const wait = async (body: object) => {
    for (const other of ['a', 'b', 'c']) {
      await call('POST', '/api/terminals', { body: { visitor: other.repeat(43) } });
      await settle(model, manager);
    }
    const asked = call('POST', '/api/terminals', { body });
    while (waiting() === 0) await nextTurn();
    return { asked };
  };
  /** Advances the clock and has the manager evaluate its pools. */
  const pass = async (ms: number) => {
    time.now += ms;
    for (const pool of manager.pools.all()) pool.changed();
    await nextTurn();
  };
  const podToken = (name: string, uid: string) => {
    const token = forgeToken({ serviceAccount: 'warmterm-terminal', pod: { name, uid } });
    model.identities.set(token, { serviceAccount: 'warmterm-terminal', pod: { name, uid } });
    return token;
  };
  return { model, manager, port, call, claim, wait, waiting, pass, podToken, webToken, reviews };
}

const parse = (text: string) => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

test('claim: answers 201 with address, times and ticket, then 200 with the same terminal', async (t) => {
  const { claim, call } = await start(t);
  const first = await claim();
  t.is(first.status, 201);
  const { name, address, podAddress, status, claimedAt, expiresAt } = claimSchema.parse(first.body);
  t.deepEqual(address, { protocol: 'http', host: '192.0.2.1', port: 30_000 });
  t.like({ name, status }, { name: 'default-0', status: 'new' });
  t.deepEqual(podAddress, { host: '10.0.0.0', port: 3_000 });
  t.is(Date.parse(expiresAt) - Date.parse(claimedAt), 6 * 3_600_000);
  const second = await claim();
  t.is(second.status, 200);
  t.like(second.body, { name, status: 'reconnected' });
  t.is(terminalSchema.parse((await call('GET', `/api/terminals/${visitor}`)).body).name, name);
});

test('end: answers 204, then 404; a restart answers 201 with another pod', async (t) => {
  const { claim, call } = await start(t);
  const { body: first } = await claim();
  const restarted = await call('POST', '/api/terminals/restart', { body: { visitor } });
  t.is(restarted.status, 201);
  t.not(restarted.body.uid, first.uid);
  t.is((await call('DELETE', `/api/terminals/${visitor}`)).status, 204);
  for (const method of ['GET', 'DELETE']) {
    const { status, body } = await call(method, `/api/terminals/${visitor}`);
    t.is(status, 404);
    t.is(problemSchema.parse(body).code, 'session-not-found');
  }
});

test('runs: claimed, found, listed and ended by their visitor', async (t) => {
  const { claim, call } = await start(t);
  const { body: page } = await claim();
  const claimant = `${visitor}.k3x9a0b7`;
  const asked = { visitor: claimant, existing: true };
  t.like(await call('POST', '/api/terminals', { body: asked }), { status: 404, body: { code: 'session-not-found' } });
  t.like(await call('POST', '/api/terminals/restart', { body: asked }), { status: 400 });
  const { body: run } = await call('POST', '/api/terminals', { body: { visitor: claimant } });
  t.not(run.uid, page.uid);
  t.like(await call('POST', '/api/terminals', { body: asked }), { status: 200, body: { uid: run.uid } });
  t.is((await call('GET', `/api/terminals/${claimant}`)).body.uid, run.uid);
  const list = async () => {
    const { body } = await call('GET', `/api/visitors/${visitor}/terminals`);
    return terminalListSchema.parse(body).terminals.map(({ name, run }) => [name, run]);
  };
  t.deepEqual(await list(), [
    [page.name, undefined],
    [run.name, 'k3x9a0b7'],
  ]);
  t.is((await call('DELETE', `/api/terminals/${claimant}`)).status, 204);
  t.deepEqual(await list(), [[page.name, undefined]]);
  t.is((await call('DELETE', `/api/places/${claimant}`)).status, 204);
  t.is((await call('GET', `/api/visitors/${claimant}/terminals`)).status, 400, 'a claimant is no visitor');
  t.is((await call('GET', `/api/visitors/${visitor}/terminals`, { token: '' })).status, 401);
});

test('inv 12: claim: answers 202 with a position while all terminals are in use, and 201 once one is ready', async (t) => {
  const { model, manager, call, wait, pass } = await start(t);
  const { asked } = await wait({ visitor });
  await pass(1_000);
  const { status, body } = await asked;
  t.is(status, 202);
  t.like(waitingSchema.parse(body), { status: 'waiting', pool: 'default', place: 1, waiting: 1 });
  const again = call('POST', '/api/terminals', { body: { visitor, place: 1 } });
  await call('DELETE', `/api/terminals/${'b'.repeat(43)}`);
  await settle(model, manager);
  t.like(await again, { status: 201, body: { name: 'default-1', status: 'new' } });
});

test('inv 12: restart: answers 202 while all terminals are in use', async (t) => {
  const { call, pass, wait } = await start(t);
  const { asked } = await wait({ visitor });
  await pass(1_000);
  t.is((await asked).status, 202);
  // The old terminal is deleted, and the next one is not ready yet.
  const restarted = call('POST', '/api/terminals/restart', { body: { visitor: 'a'.repeat(43) } });
  while ((await call('GET', `/api/terminals/${'a'.repeat(43)}`)).status === 200) await nextTurn();
  await pass(1_000);
  const { status, body } = await restarted;
  t.is(status, 202);
  t.like(waitingSchema.parse(body), { place: 1, waiting: 2 });
});

test('queue: leaving answers 204, also for a visitor who is not in it, and is only for services', async (t) => {
  const { model, call, wait, waiting, pass, podToken } = await start(t);
  const { asked } = await wait({ visitor });
  await pass(1_000);
  t.is((await asked).status, 202);
  const place = `/api/places/${visitor}`;
  t.is((await call('DELETE', place, { token: '' })).status, 401);
  const pod = model.pods.get('default-0')!;
  t.is((await call('DELETE', place, { token: podToken(pod.name, pod.uid) })).status, 403);
  t.is((await call('DELETE', '/api/places/ann')).status, 400);
  t.like(await call('DELETE', `${place}?pool=python`), { status: 404, body: { code: 'not-found' } });
  t.is(waiting(), 1);
  t.is((await call('DELETE', `${place}?pool=default`)).status, 204);
  t.is(waiting(), 0);
  t.is((await call('DELETE', place)).status, 204);
});

test('api: ignores unknown fields of newer webservers and terminals', async (t) => {
  const { manager, call, podToken } = await start(t);
  const { status, body } = await call('POST', '/api/terminals', { body: { visitor, colour: 'red' } });
  t.is(status, 201);
  const report = { connections: 1, temperature: 37 };
  const token = podToken(body.name, body.uid);
  t.is((await call('POST', '/api/self/report', { token, body: report })).status, 200);
  t.like(manager.terminals.reports().get(body.uid), { connections: 1 });
  const restart = await call('POST', '/api/terminals/restart', { body: { visitor, colour: 'red' } });
  t.is(restart.status, 201);
  const { body: described } = await call('GET', '/openapi.json');
  const { schema } = described.paths['/api/terminals'].post.requestBody.content['application/json'];
  t.deepEqual(schema.required, ['visitor']);
  t.is(schema.additionalProperties, undefined);
});

test('inv 7: reports: repeated reports and requests to end cost one write each', async (t) => {
  const { call, claim, podToken, manager } = await start(t);
  const { body } = await claim();
  const token = podToken(body.name, body.uid);
  const { port } = manager;
  const writes = { markConnected: 0, deletePod: 0 };
  for (const name of ['markConnected', 'deletePod'] as const) {
    const write = port[name].bind(port) as (...args: unknown[]) => Promise<never>;
    port[name] = async (...args: unknown[]) => {
      writes[name]++;
      return write(...args);
    };
  }
  const report = { connections: 1, connectedAt: new Date(1_000_000).toISOString() };
  const ask = (method: string, path: string, body?: object) =>
    Promise.all(Array.from({ length: 20 }, () => call(method, path, { token, body })));
  t.true((await ask('POST', paths.report, report)).every(({ status }) => status === 200));
  const ends = (await ask('DELETE', paths.self)).map(({ status }) => status);
  t.true(
    ends.every((status) => status === 202 || status === 403),
    String(ends),
  );
  t.deepEqual(writes, { markConnected: 1, deletePod: 1 });
});

test('inv 7: reports: limited in size, and only numbers and times', async (t) => {
  const { call, claim, podToken, manager } = await start(t);
  const { body } = await claim();
  const report = async (more: object) => {
    const answer = await call('POST', paths.report, {
      token: podToken(body.name, body.uid),
      body: { connections: 1, ...more },
    });
    return answer.status;
  };
  t.is(await report({ connectedAt: `2027-01-12T09:00:00.${'0'.repeat(2_000)}Z` }), 413);
  for (const wrong of [
    { connections: 1e9 },
    { connections: -1 },
    { connections: '\u001b' },
    { lastInputAt: '\u009b2J' },
  ]) {
    t.is(await report(wrong), 400, JSON.stringify(wrong));
  }
  t.is(manager.terminals.reports().get(body.uid), undefined);
});

test('inv 7: api: a terminal may only report and ask for its own deletion', async (t) => {
  const { model, claim, call, podToken } = await start(t);
  const { body } = await claim();
  const token = podToken(body.name, body.uid);
  const report = { connections: 1, connectedAt: new Date(1_000_000).toISOString() };
  const answer = await call('POST', '/api/self/report', { token, body: report });
  const now = new Date(1_000_000).toISOString();
  t.deepEqual(answer.body, {
    now,
    idleTimeoutMs: 900_000,
    runGraceMs: 60_000,
    runLingerMs: 600_000,
    expiresInMs: Date.parse(body.expiresAt) - 1_000_000,
  });
  t.is(model.pods.get(body.name)?.claim?.connectedAt, 1_000_000);
  for (const [method, path] of [
    ['POST', '/api/terminals'],
    ['POST', '/api/terminals/restart'],
    ['GET', `/api/terminals/${visitor}`],
    ['DELETE', `/api/terminals/${visitor}`],
    ['GET', '/api/pools'],
  ] as const) {
    t.is((await call(method, path, { token, ...(method === 'POST' && { body: { visitor } }) })).status, 403, path);
  }
  t.is((await call('DELETE', '/api/self', { token })).status, 202);
  t.true(model.pods.get(body.name)?.terminating);
});

test('reports: a terminal that is being deleted learns whether its visitor ended it', async (t) => {
  const { model, manager, claim, call, podToken } = await start(t);
  const endedBy = async ({ name, uid }: { name: string; uid: string }) => {
    const report = { method: 'POST', path: '/api/self/report' } as const;
    const { body } = await call(report.method, report.path, { token: podToken(name, uid), body: { connections: 1 } });
    return body.endedBy;
  };
  const { body } = await claim();
  t.is(await endedBy(body), undefined);
  model.put({ ...model.pods.get(body.name)!, terminating: true });
  manager.port.deliver();
  t.is(await endedBy(body), 'administrator');
  const next = (await claim()).body;
  await call('DELETE', `/api/terminals/${visitor}`);
  t.is(await endedBy(next), 'owner');
});

test('reports: a terminal at its maximum lifetime learns why it is deleted', async (t) => {
  const { model, manager, claim, call, podToken, pass } = await start(t);
  const { body } = await claim();
  model.put({ ...model.pods.get(body.name)!, terminating: true });
  manager.port.deliver();
  await pass(6 * 3_600_000);
  const token = podToken(body.name, body.uid);
  const answer = await call('POST', '/api/self/report', { token, body: { connections: 1 } });
  t.is(answer.body.endedBy, 'lifetime');
});

test('inv 7: api: refuses reports from webservers and from pods that are not terminals', async (t) => {
  const { model, call, podToken } = await start(t);
  t.is((await call('DELETE', '/api/self')).status, 403);
  t.is((await call('DELETE', '/api/self', { token: podToken('default-0', 'another-uid') })).status, 403);
  t.true([...model.pods.values()].every((pod) => !pod.terminating));
});

test('inv 1, 7: api: the token of a deleted pod has no access to its successor', async (t) => {
  const { model, manager, claim, call, podToken } = await start(t);
  const { body: former } = await claim();
  const token = podToken(former.name, former.uid);
  t.is((await call('DELETE', '/api/self', { token })).status, 202);
  while (model.pods.get(former.name)?.uid === former.uid || !model.pods.get(former.name)?.ready) {
    await settle(model, manager);
  }
  const { body: next } = await claim();
  t.is(next.name, former.name, 'the successor has the name, and is in use');
  t.not(next.uid, former.uid);

  const report = { connections: 1, connectedAt: new Date(1_000_000).toISOString() };
  t.is((await call('POST', '/api/self/report', { token, body: report })).status, 403);
  t.is((await call('DELETE', '/api/self', { token })).status, 403);
  t.like(model.pods.get(next.name), { uid: next.uid, terminating: false, claim: { connectedAt: undefined } });
  t.is(manager.terminals.heardAt(next.uid), undefined);
});

test('api: answers 401 to a missing or forged token, and reviews each token once', async (t) => {
  const { call, reviews } = await start(t);
  t.is((await call('POST', '/api/terminals', { token: '', body: { visitor } })).status, 401);
  const token = forgeToken({ signature: 'forged' });
  for (let time = 0; time < 3; time++) t.is((await call('GET', '/api/pools', { token })).status, 401);
  t.is(reviews(), 1);
});

test('pools: lists every terminal with its claim and last report', async (t) => {
  const { claim, call, podToken } = await start(t);
  const { body } = await claim();
  await call('POST', '/api/self/report', { token: podToken(body.name, body.uid), body: { connections: 2 } });
  const [pool] = poolsSchema.parse((await call('GET', '/api/pools')).body).pools;
  t.like(pool, { name: 'default', inUse: 1, waiting: 0, problems: [] });
  t.like(pool?.pods[0], { name: 'default-0', state: 'in-use', connections: 2, claimedAt: body.claimedAt });
  t.false(JSON.stringify(pool).includes(visitor));
});

for (const [what, body] of Object.entries({
  'no body': undefined,
  'no JSON': '{"visitor":',
  'no object': '[]',
  'a visitor that is no hash': { visitor: 'ann' },
  'a pool name that cannot be': { visitor, pool: '../x' },
  'a run that is none': { visitor: `${visitor}.Run-1` },
  'two runs': { visitor: `${visitor}.aaaaaaaa.bbbbbbbb` },
  'too much': { visitor: 'x'.repeat(20_000) },
})) {
  test(`inv 10: claim: refuses ${what} with a problem, and changes nothing`, async (t) => {
    const { model, call } = await start(t);
    const before = model.writes;
    const { status, type, body: answer } = await call('POST', '/api/terminals', { body });
    t.true(status === 400 || status === 413);
    t.regex(type ?? '', /^application\/problem\+json/);
    t.is(problemSchema.parse(answer).status, status);
    t.is(model.writes, before);
  });
}

test('inv 10: api: refuses a thousand invalid requests, changes nothing and leaks no connection', async (t) => {
  const { model, port, call, webToken } = await start(t);
  const open = watchConnections(t, port);
  const before = model.writes;
  const seed = seedOf(t);
  const everywhere = Object.values(paths).map((path) => path.replace(/\{\w+\}/, '{}'));
  const others = ['/healthz', '/readyz', '/openapi.json', '/{}'];
  const target = { port, paths: [...everywhere, ...others], known: [`Authorization: Bearer ${webToken}`] };
  const { statuses, failures } = await bombard(target, createRandom(seed));
  t.deepEqual(failures, [], `seed ${seed}`);
  t.true((statuses.get(400) ?? 0) > 200, `${[...statuses]}`);
  t.is(model.writes, before, `seed ${seed}`);
  while (open.size > 0) await new Promise(setImmediate);
  t.is((await call('GET', '/api/pools')).status, 200);
});

test('api: answers a problem for an unknown path', async (t) => {
  const { call } = await start(t);
  t.like(await call('GET', '/api/nothing'), { status: 404, body: { code: 'not-found' } });
  t.like(await call('GET', '/api/terminals/%ff'), { status: 400, body: { code: 'invalid-request' } });
});

test('keys: include the time of the API server once it is known', async (t) => {
  const { call } = await start(t);
  const known = keySetSchema.parse((await call('GET', paths.jwks, { token: '' })).body);
  t.deepEqual([known.keys.length, known.now], [1, new Date(1_000_000).toISOString()]);
  const starting = await start(t, { isReady: () => false });
  const unknown = keySetSchema.parse((await starting.call('GET', paths.jwks, { token: '' })).body);
  t.deepEqual([unknown.keys.length, unknown.now], [1, undefined]);
});

test('reports: times before the claim or in the future are corrected', async (t) => {
  for (const [said, kept] of [
    ['1969-12-31T00:00:00.000Z', 1_000_000],
    ['2999-12-31T00:00:00.000Z', 1_000_000],
  ] as const) {
    const { model, manager, claim, call, podToken } = await start(t);
    const { body } = await claim();
    const report = { connections: 1, connectedAt: said, lastInputAt: said };
    const { status } = await call('POST', '/api/self/report', { token: podToken(body.name, body.uid), body: report });
    t.is(status, 200);
    t.is(model.pods.get(body.name)?.claim?.connectedAt, kept);
    t.true(manager.terminals.reports().get(body.uid)!.lastInputAt! <= 1_000_000);
  }
});

test('claim: answers Retry-After until the cluster is known', async (t) => {
  const { claim, call } = await start(t, { isReady: () => false });
  t.like(await claim(), { status: 503, body: { code: 'unavailable', retryable: true, retryAfter: 1 } });
  t.is((await call('GET', '/readyz')).status, 503);
  t.is((await call('GET', '/healthz')).status, 200);
});

test('openapi: describes every route, and every described route exists', async (t) => {
  const { call } = await start(t);
  const { body } = await call('GET', '/openapi.json');
  t.is(body.openapi, '3.1.0');
  for (const [path, methods] of Object.entries<object>(body.paths)) {
    for (const method of Object.keys(methods)) {
      const { body: answer } = await call(method.toUpperCase(), path.replace('{visitor}', visitor), { token: '' });
      t.not(answer?.code, 'not-found', `${method} ${path}`);
    }
  }
});

test('openapi: generated once, and answered with 304 when unchanged', async (t) => {
  const { port } = await start(t);
  const url = `http://127.0.0.1:${port}/openapi.json`;
  const first = await fetch(url);
  const etag = first.headers.get('etag') ?? '';
  t.regex(etag, /^"[\w-]{20,}"$/);
  t.like(await first.json(), { openapi: '3.1.0', info: { version: '0.0.0' } });
  const again = await fetch(url, { headers: { 'if-none-match': etag } });
  t.deepEqual([again.status, await again.text()], [304, '']);
});

test('api: rate-limits a terminal without affecting others', async (t) => {
  const { call, claim, podToken } = await start(t);
  const { body } = await claim();
  const { body: other } = await call('POST', '/api/terminals', { body: { visitor: 'w'.repeat(43) } });
  const report = (token: string) => call('POST', '/api/self/report', { token, body: { connections: 1 } });
  const token = podToken(body.name, body.uid);
  const answers = await Promise.all(Array.from({ length: 100 }, () => report(token)));
  const refused = answers.filter(({ status }) => status === 429);
  t.is(refused.length, 40);
  t.like(refused[0]?.body, { code: 'too-many-requests', retryAfter: 1 });
  t.is((await report(podToken(other.name, other.uid))).status, 200);
});

test('api: an unexplained refusal by the Kubernetes API is a retryable error without its text', async (t) => {
  const { manager, claim } = await start(t);
  manager.port.claimPod = async () => {
    throw new ApiError(403, 'Forbidden', 'secret details');
  };
  const { status, body } = await claim();
  t.is(status, 503);
  t.like(problemSchema.parse(body), { code: 'unavailable', retryable: true });
  t.notRegex(JSON.stringify(body), /secret/);
});
