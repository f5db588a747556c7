// The queue when all terminals are in use.

import test from 'ava';
import { type Opened, paths } from '../../common/terminals-api.ts';
import { shareBrowser, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { sharePools } from '../helpers/pool.ts';
import { claimSoon, createVisitor, deleteSoon, poolIsReady, poolStatus, until } from '../helpers/system.ts';

const browser = shareBrowser(test);
const newPool = sharePools(test);

type Visitor = ReturnType<typeof createVisitor>;

// Longer than a real cluster takes to replace a manager and then a terminal.
const longMs = 240_000;

/** Waits in the queue as the page does, also while managers restart. */
const stay = (visitor: Visitor): Promise<Opened> =>
  until('a terminal', () => visitor.claim().catch(() => undefined), longMs);

/** Repeats the request until it gets a position; returns it. */
const placeOf = (visitor: Visitor): Promise<number> =>
  until('a place in line', async () => {
    const answer = await visitor.ask().catch(() => undefined);
    return answer?.status === 'waiting' && answer.place;
  });

const end = (visitor: Visitor) => deleteSoon(visitor, paths.current);

test.serial('inv 3, 12: queue: first come, first served while managers are killed; leaving makes room', async (t) => {
  const system = await newPool({ replicas: 2, settings: { spare: '1', max: '2', connectTimeout: '30m' } });
  await poolIsReady(system, 2);
  const owners = [createVisitor(system), createVisitor(system)] as const;
  for (const owner of owners) await claimSoon(owner);
  const [first, second, third] = [createVisitor(system), createVisitor(system), createVisitor(system)];
  const served: string[] = [];
  const wait = async (visitor: Visitor, who: string) => {
    await stay(visitor);
    served.push(who);
  };
  t.is(await placeOf(first), 1);
  const firstServed = wait(first, 'first');
  await until('one in line', async () => (await poolStatus(system)).waiting === 1);
  t.is(await placeOf(second), 2);
  t.is((await second.call('DELETE', '/api/terminals/place')).status, 204);
  // Each visitor must have an answer, and so an id, before the managers stop. Without an id, the next request is a new visitor's.
  t.is(await placeOf(third), 2);
  const thirdServed = wait(third, 'third');
  await until('two in line', async () => (await poolStatus(system)).waiting === 2);

  await system.killManagers();
  await until('the manager', () => poolStatus(system).catch(() => undefined));
  // A new visitor is behind those of before, though the new manager has never seen them.
  const late = createVisitor(system);
  await until('a place behind all', async () => {
    const answer = await late.ask().catch(() => undefined);
    return answer?.status === 'waiting' && answer.waiting === 3 && answer.place === answer.waiting;
  });
  t.deepEqual(served, []);
  await end(owners[0]);
  await firstServed;
  t.deepEqual(served, ['first']);

  await deleteSoon(late, paths.place);
  await end(owners[1]);
  await thirdServed;
  t.deepEqual(served, ['first', 'third']);
});

test.serial('queue: the page keeps its position over a reload and opens the terminal by itself', async (t) => {
  const system = await newPool({ replicas: 1, settings: { spare: '1', max: '1', connectTimeout: '30m' } });
  await poolIsReady(system, 1);
  const owner = createVisitor(system);
  await claimSoon(owner);
  const pages = [];
  for (const title of ['You are next', 'You are number 2 in line']) {
    const context = await browser().newContext();
    t.teardown(() => context.close());
    const page = await context.newPage();
    await page.goto(`${system.pageUrl}?renderer=dom`);
    await page.getByRole('heading', { name: title }).waitFor();
    pages.push(page);
  }
  const [first, second] = pages as [(typeof pages)[number], (typeof pages)[number]];
  await first.reload();
  await first.getByRole('heading', { name: 'You are next' }).waitFor();
  await end(owner);
  await waitForState(first, 'connected', longMs);
  await waitForScreen(first, /\$/);
  await second.getByRole('heading', { name: 'You are next' }).waitFor();
  await second.close();
  await until('nobody in line', async () => (await poolStatus(system)).waiting === 0);
  t.pass();
});

test.serial('queue: visitors keep their position while the pool is recreated', async (t) => {
  const system = await newPool({ replicas: 1, settings: { spare: '1', max: '1', connectTimeout: '30m' } });
  await poolIsReady(system, 1);
  await claimSoon(createVisitor(system));
  const context = await browser().newContext();
  t.teardown(() => context.close());
  const first = await context.newPage();
  await first.goto(`${system.pageUrl}?renderer=dom`);
  await first.getByRole('heading', { name: 'You are next' }).waitFor();
  const second = createVisitor(system);
  t.is(await placeOf(second), 2);

  // As `kubectl replace --force` does.
  const { kind, apiVersion, metadata, spec } = await system.kubernetes.statefulSet();
  const { name, labels, annotations } = metadata;
  await system.kubernetes.deletePool();
  await until('another StatefulSet of the name', () =>
    system.kubernetes.createPool({ kind, apiVersion, metadata: { name, labels, annotations }, spec }).then(
      () => true,
      () => false,
    ),
  );
  await waitForState(first, 'connected', longMs);
  await waitForScreen(first, /\$/);
  t.is(await placeOf(second), 1);
});

test.serial('queue: closing a pool informs waiting visitors and admits no one', async (t) => {
  const system = await newPool({ replicas: 1, settings: { spare: '1', max: '1', connectTimeout: '30m' } });
  await poolIsReady(system, 1);
  const owner = createVisitor(system);
  const { name } = await claimSoon(owner);
  const waiting = createVisitor(system);
  await placeOf(waiting);
  await system.kubernetes.annotate({ 'warmterm.dev/max': '0' });
  const closed = { status: 410, body: { code: 'pool-closed', retryable: false } };
  await until('the end', async () => (await waiting.call('POST', '/api/terminals', { place: 1 })).status === 410);
  t.like(await waiting.call('POST', '/api/terminals'), closed);
  t.is((await owner.claim()).name, name, 'whoever has a terminal keeps it');
});
