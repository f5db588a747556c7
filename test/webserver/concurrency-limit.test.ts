import test, { type ExecutionContext } from 'ava';
import { claimRequestSchema } from '../../common/manager-api.ts';
import { ConcurrencyLimit, slots } from '../../webserver/concurrency-limit.ts';
import { poll } from '../helpers/poll.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';

function createLimit(slots: number) {
  const started: string[] = [];
  const limit = new ConcurrencyLimit<string>(slots, (item) => started.push(item));
  return { limit, started };
}

test('concurrency-limit: starts as many items of a key as it has slots, then one for each finished', (t) => {
  const { limit, started } = createLimit(2);
  for (const item of ['a1', 'a2', 'a3', 'a4']) limit.add('a', item);
  t.deepEqual(started, ['a1', 'a2']);
  limit.finish('a');
  t.deepEqual(started, ['a1', 'a2', 'a3']);
});

test('concurrency-limit: waiting items of one key do not delay another', (t) => {
  const { limit, started } = createLimit(1);
  for (const item of ['a1', 'a2', 'a3']) limit.add('a', item);
  limit.add('b', 'b1');
  limit.add('b', 'b2');
  t.deepEqual(started, ['a1', 'b1']);
  limit.finish('b');
  t.deepEqual(started, ['a1', 'b1', 'b2']);
});

test('concurrency-limit: does not start a removed item', (t) => {
  const { limit, started } = createLimit(1);
  for (const item of ['a1', 'a2', 'a3']) limit.add('a', item);
  limit.remove('a', 'a2');
  limit.remove('a', 'a1');
  limit.remove('b', 'b1');
  limit.finish('a');
  t.deepEqual(started, ['a1', 'a3']);
});

test('concurrency-limit: an idle key has all of its slots again', (t) => {
  const { limit, started } = createLimit(2);
  for (const item of ['a1', 'a2', 'a3']) limit.add('a', item);
  for (let i = 0; i < 3; i++) limit.finish('a');
  for (const item of ['a4', 'a5', 'a6']) limit.add('a', item);
  t.deepEqual(started, ['a1', 'a2', 'a3', 'a4', 'a5']);
});

/** A webserver whose manager never answers claims of 192.0.2.1, and `count` claims from there. */
async function startCrowd(t: ExecutionContext, count: number, holdMs: number) {
  const { url, manager } = await startWebserver(t, { WARMTERM_TRUST_PROXY: '1' }, { holdMs });
  const addressOf = (body: unknown) => claimRequestSchema.parse(body).address;
  const claimFrom = (address: string) =>
    createVisitor(url).send('POST', '/api/terminals', { body: {}, headers: { 'x-forwarded-for': address } });
  await claimFrom('192.0.2.1');
  const crowd = addressOf(manager.requests.pop()?.body);
  manager.misbehave = ({ body }) => (addressOf(body) === crowd ? 'hang' : undefined);
  for (let i = 0; i < count; i++) void claimFrom('192.0.2.1').catch(() => {});
  return { claimFrom, manager };
}

test('concurrency-limit: hundreds of requests of one address do not delay another address', async (t) => {
  const { claimFrom, manager } = await startCrowd(t, 300, 600_000);
  t.is((await claimFrom('192.0.2.2')).status, 201);
  t.true(manager.requests.length <= slots + 1, `it was number ${manager.requests.length}`);
});

test('concurrency-limit: unanswered requests free their slot after a while', async (t) => {
  const { manager } = await startCrowd(t, slots + 1, 1);
  t.true(await poll(() => manager.requests.length === slots + 1, 20_000));
});
