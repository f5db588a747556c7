// The pool as visitors and administrators see it.

import test from 'ava';
import { sharePools } from '../helpers/pool.ts';
import { claimSoon, createVisitor, isClaimed, isReady, poolIsReady, poolStatus, until } from '../helpers/system.ts';

const newPool = sharePools(test);

test.serial('pool: serves a burst up to the maximum, refills, and queues one more', async (t) => {
  const system = await newPool({ replicas: 2, settings: { spare: '2', max: '6' } });
  const visitors = Array.from({ length: 6 }, () => createVisitor(system));
  const opened = await Promise.all(visitors.map(claimSoon));
  t.is(new Set(opened.map(({ name }) => name)).size, 6);
  t.true(opened.every(({ status }) => status === 'new'));
  const oneMore = createVisitor(system);
  t.like(await oneMore.call('POST', '/api/terminals'), {
    status: 202,
    body: { status: 'waiting', place: 1, waiting: 1 },
  });
  t.is((await visitors[0]!.call('DELETE', '/api/terminals/current')).status, 204);
  await poolIsReady(system, 1);
  t.is((await claimSoon(oneMore)).status, 'new');
});

test.serial('inv 1: 36 requests of six visitors get six terminals', async (t) => {
  const system = await newPool({ replicas: 6, settings: { spare: '1', max: '8' } });
  const visitors = Array.from({ length: 6 }, () => createVisitor(system));
  // The first request of each visitor gets its id. The others are concurrent.
  const first = await Promise.all(visitors.map(claimSoon));
  const others = await Promise.all(visitors.flatMap((visitor) => Array.from({ length: 5 }, () => visitor.claim())));
  for (const [index, { name }] of others.entries()) t.is(name, first[Math.floor(index / 5)]!.name);
  t.is((await system.kubernetes.pods()).filter(isClaimed).length, 6);
});

test.serial('pool: after an end the visitor gets a fresh terminal; restart does both', async (t) => {
  const system = await newPool({ replicas: 2, settings: { spare: '2', max: '4' } });
  await poolIsReady(system, 2);
  const visitor = createVisitor(system);
  const { name } = await visitor.claim();
  const uid = (await system.kubernetes.pod(name))?.metadata.uid;
  t.like(await visitor.call('GET', '/api/terminals/current'), { status: 200, body: { name } });
  const restarted = await visitor.call('POST', '/api/terminals/current/restart');
  t.like(restarted, { status: 201, body: { status: 'new' } });
  t.is((await visitor.call('DELETE', '/api/terminals/current')).status, 204);
  // Another manager may answer, which learns of the claim a moment later.
  await until('no terminal', async () => (await visitor.call('GET', '/api/terminals/current')).status === 404);
  await until('the pod recreated', async () => {
    const pod = await system.kubernetes.pod(name);
    return pod && pod.metadata.uid !== uid && isReady(pod);
  });
});

test.serial('kubectl scale, delete pod and annotate take effect at once', async (t) => {
  const system = await newPool({ replicas: 1, settings: { spare: '1', max: '8' } });
  await poolIsReady(system, 1);

  await system.kubernetes.scale(3);
  await poolIsReady(system, 3);

  const [pod] = await system.kubernetes.pods();
  await system.kubernetes.deletePod(pod!.metadata.name);
  await until('its successor', async () => {
    const next = await system.kubernetes.pod(pod!.metadata.name);
    return next && next.metadata.uid !== pod!.metadata.uid && isReady(next);
  });

  await system.kubernetes.annotate({ 'warmterm.dev/spare': '5' });
  await poolIsReady(system, 5);
  t.is(await system.kubernetes.replicas(), 5);

  await system.kubernetes.annotate({ 'warmterm.dev/spare': 'plenty', 'warmterm.dev/max': '7' });
  const { settings, problems } = await until('the problem on the host page', async () => {
    const status = await poolStatus(system);
    return status.problems.length > 0 && status;
  });
  t.like(settings, { spare: 5, max: 7 });
  t.regex(problems[0]!, /warmterm.dev\/spare="plenty" must be/);

  await system.kubernetes.annotate({ 'warmterm.dev/idle-timeout': '33s' });
  await until('the new idle timeout', async () => (await poolStatus(system)).settings.idleTimeoutMs === 33_000);
  t.is((await createVisitor(system).claim()).idleTimeoutMs, 33_000);
});
