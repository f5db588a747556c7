import test, { type ExecutionContext } from 'ava';
import { claimRequestSchema } from '../../common/manager-api.ts';
import { slots, Turns } from '../../webserver/turns.ts';
import { poll } from '../helpers/poll.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';

function createTurns(slots: number) {
  const started: string[] = [];
  const turns = new Turns<string>(slots, (item) => started.push(item));
  return { turns, started };
}

test('of a key as many as there are slots start at once, the next when one of them has finished', (t) => {
  const { turns, started } = createTurns(2);
  for (const item of ['a1', 'a2', 'a3', 'a4']) turns.add('a', item);
  t.deepEqual(started, ['a1', 'a2']);
  turns.finish('a');
  t.deepEqual(started, ['a1', 'a2', 'a3']);
});

test('what waits of one key delays no other', (t) => {
  const { turns, started } = createTurns(1);
  for (const item of ['a1', 'a2', 'a3']) turns.add('a', item);
  turns.add('b', 'b1');
  turns.add('b', 'b2');
  t.deepEqual(started, ['a1', 'b1']);
  turns.finish('b');
  t.deepEqual(started, ['a1', 'b1', 'b2']);
});

test('one that has left has no turn', (t) => {
  const { turns, started } = createTurns(1);
  for (const item of ['a1', 'a2', 'a3']) turns.add('a', item);
  turns.leave('a', 'a2');
  turns.leave('a', 'a1');
  turns.leave('b', 'b1');
  turns.finish('a');
  t.deepEqual(started, ['a1', 'a3']);
});

test('a key that was used up has all of its slots again', (t) => {
  const { turns, started } = createTurns(2);
  for (const item of ['a1', 'a2', 'a3']) turns.add('a', item);
  for (let i = 0; i < 3; i++) turns.finish('a');
  for (const item of ['a4', 'a5', 'a6']) turns.add('a', item);
  t.deepEqual(started, ['a1', 'a2', 'a3', 'a4', 'a5']);
});

/** A webserver whose manager answers no claim of 192.0.2.1, and `count` claims from there. */
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

test('hundreds of requests of one address do not go ahead of another’s', async (t) => {
  const { claimFrom, manager } = await startCrowd(t, 300, 600_000);
  t.is((await claimFrom('192.0.2.2')).status, 201);
  t.true(manager.requests.length <= slots + 1, `it was number ${manager.requests.length}`);
});

test('requests that are not answered do not hold up the others of their address', async (t) => {
  const { manager } = await startCrowd(t, slots + 1, 1);
  t.true(await poll(() => manager.requests.length === slots + 1, 20_000));
});
