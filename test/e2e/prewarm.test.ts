// The seats of a workshop, end to end: reserved by an annotation, ready at its start, taken by visitors, and released after it.

import test from 'ava';
import { sharePools } from '../helpers/pool.ts';
import {
  claimSoon,
  createVisitor,
  onCluster,
  poolIsReady,
  poolStatus,
  type TestSystem,
  until,
} from '../helpers/system.ts';

const newPool = sharePools(test);
const annotation = 'warmterm.dev/prewarm';
const inSeconds = (seconds: number) => `${new Date(Date.now() + seconds * 1_000).toISOString().slice(0, 19)}Z`;
const course = (from: number, to: number) =>
  JSON.stringify([{ name: 'git-course', from: inSeconds(from), to: inSeconds(to), ready: 4 }]);

const windowIs = (system: TestSystem, what: string, is: (state: string, taken: number, ready: number) => boolean) =>
  until(what, async () => {
    const [window] = (await poolStatus(system)).windows;
    return window && is(window.state, window.taken, window.ready) && window;
  });

test.serial('prewarm: a window keeps its seats ready, and releases the rest after it', async (t) => {
  const settings = { spare: '1', max: '8', connectTimeout: '1h', scaleDownDelay: '1s' };
  const system = await newPool({ settings });
  await poolIsReady(system, 1);
  await system.kubernetes.annotate({ [annotation]: course(onCluster ? 15 : 5, 3_600) });
  const seats = await windowIs(system, 'four seats ready', (state, _, ready) => state !== 'upcoming' && ready === 4);
  t.like(seats, { name: 'git-course', seats: 4, taken: 0 });
  await windowIs(system, 'the start', (state) => state === 'open');

  const seated = [];
  for (let count = 0; count < 3; count++) {
    const visitor = createVisitor(system);
    const { name, status } = await visitor.claim();
    t.is(status, 'new', 'nobody waits');
    seated.push({ visitor, name });
  }
  await windowIs(system, 'one seat left', (_, taken, ready) => taken === 3 && ready === 1);
  t.is(await system.kubernetes.replicas(), 4, 'three who came, and one seat');

  // One visitor with the highest ordinal leaves, so that the pool can shrink. The seat stays for a latecomer.
  const last = seated.sort((a, b) => a.name.localeCompare(b.name)).pop();
  await last!.visitor.call('DELETE', '/api/terminals/current');
  await windowIs(system, 'two seats left', (_, taken, ready) => taken === 2 && ready === 2);

  await system.kubernetes.annotate({ [annotation]: course(-3_600, -1) });
  await until('the spare beside those at work', async () => (await system.kubernetes.replicas()) === 3);
  for (const { visitor } of seated) t.is((await visitor.claim()).status, 'reconnected', 'inv 5');
  t.is((await poolStatus(system)).windows[0]?.state, 'over');
});

test.serial('prewarm: invalid or too large windows are reported, and the former stay', async (t) => {
  const system = await newPool({ settings: { spare: '1', max: '3', connectTimeout: '1h' } });
  await system.kubernetes.annotate({ [annotation]: course(3_600, 7_200) });
  const told = await until('the Event', async () => (await system.kubernetes.events()).get('PrewarmDoesNotFit'));
  t.regex(told, /^The window git-course of .* does not fit\. It takes 4 terminals at once: max is 3[.;]/);
  const status = await until('the window', async () => {
    const status = await poolStatus(system);
    return status.windows[0]?.fits === 'no' && status;
  });
  t.true(status.problems.includes(told), status.problems.join());

  await system.kubernetes.annotate({ [annotation]: '[{"name": "other", "from": "nine", "to": "noon", "ready": 4}]' });
  const wrong = await until('the Event', async () => (await system.kubernetes.events()).get('InvalidSettings'));
  t.regex(wrong, /window "other": from: "nine" must be a time .* window "other": to: "noon" must be a time/);
  t.is((await poolStatus(system)).windows[0]?.name, 'git-course');

  await system.kubernetes.annotate({ [annotation]: '[]' });
  await until('no window', async () => (await poolStatus(system)).windows.length === 0);
  t.is((await claimSoon(createVisitor(system))).status, 'new');
});
