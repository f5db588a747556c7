import test, { type ExecutionContext } from 'ava';
import { createCounters } from '../../manager/metrics/counters.ts';
import { registerPoolMetrics } from '../../manager/metrics/pools.ts';
import { requestBy, settle, startManager } from '../helpers/manager.ts';
import { readMetrics } from '../helpers/metrics.ts';
import { ModelCluster, nextTurn } from '../helpers/model-cluster.ts';

async function start(t: ExecutionContext, annotations: Record<string, string>) {
  const model = new ModelCluster({ annotations });
  let now = 0;
  const manager = startManager(model, { clock: () => now });
  t.teardown(manager.stop);
  await settle(model, manager);
  const scrape = async () => {
    const samples = readMetrics(await manager.metrics.registry.metrics());
    return (name: string) => samples.get(name);
  };
  return { model, manager, scrape, wait: (ms: number) => (now += ms) };
}

test('metrics: a pool has its current values, and none once it is deleted', async (t) => {
  const { model, manager, scrape } = await start(t, { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '3' });
  await manager.claim('ann');
  await settle(model, manager);
  model.setPool({ annotations: { 'warmterm.dev/spare': 'lots', 'warmterm.dev/max': '3' } });
  await settle(model, manager);
  const before = await scrape();
  t.is(before('warmterm_pool_terminals{pool="default",state="ready"}'), 2);
  t.is(before('warmterm_pool_terminals{pool="default",state="in-use"}'), 1);
  t.is(before('warmterm_pool_terminals{pool="default",state="recreating"}'), 0);
  t.is(before('warmterm_pool_terminals{pool="default",state="broken"}'), 0);
  t.is(before('warmterm_pool_replicas{pool="default"}'), 3);
  t.is(before('warmterm_pool_spare{pool="default"}'), 2);
  t.is(before('warmterm_pool_min{pool="default"}'), 0);
  t.is(before('warmterm_pool_max{pool="default"}'), 3);
  t.is(before('warmterm_pool_wrong_settings{pool="default"}'), 1);
  t.is(before('warmterm_pool_waiting{pool="default"}'), 0);
  t.is(before('warmterm_leader'), 1);

  manager.pools.observe({ kind: 'pool', name: 'default', object: undefined });
  const after = await scrape();
  t.is(after('warmterm_pool_terminals{pool="default",state="ready"}'), undefined);
  t.is(after('warmterm_pool_max{pool="default"}'), undefined);
});

test('metrics: all values of one scrape are from one moment, and each scrape reads them anew', async (t) => {
  const { manager } = await start(t, {});
  const counters = createCounters();
  let asked = 0;
  const waiting = () => ++asked;
  registerPoolMetrics({ counters, pools: manager.pools, waiting, isLeader: () => true, clock: () => 0 });
  const read = async () => readMetrics(await counters.registry.metrics()).get('warmterm_pool_waiting{pool="default"}');
  t.is(await read(), 1);
  t.is(await read(), 2);
});

test('metrics: counters start at zero, so that a hit rate can be computed', async (t) => {
  const { manager, scrape } = await start(t, { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '3' });
  await manager.claim('ann');
  const samples = await scrape();
  t.is(samples('warmterm_claim_hits_total{pool="default"}'), 1);
  t.is(samples('warmterm_claim_misses_total{pool="default"}'), 0);
  t.is(samples('warmterm_claims_total{pool="default",result="timeout"}'), 0);
  t.is(samples('warmterm_pool_actions_total{pool="default",action="reap",reason="node-lost"}'), 0);
});

test('metrics: broken pods are separate from starting ones, and spare is a number', async (t) => {
  const { model, manager, scrape, wait } = await start(t, { 'warmterm.dev/spare': '50%', 'warmterm.dev/max': '4' });
  for (const visitor of ['a', 'b', 'c']) {
    await manager.claim(visitor);
    await settle(model, manager);
  }
  model.put({ ...model.pods.get('default-3')!, ready: false });
  manager.port.deliver();
  wait(300_000);
  const samples = await scrape();
  t.is(samples('warmterm_pool_spare{pool="default"}'), 2);
  t.is(samples('warmterm_pool_terminals{pool="default",state="broken"}'), 1);
  t.is(samples('warmterm_pool_terminals{pool="default",state="in-use"}'), 3);
});

test('metrics: claims are counted by result, and new ones are timed', async (t) => {
  const { model, manager, scrape, wait } = await start(t, { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '1' });
  await manager.claim('ann');
  await manager.claim('ann');
  await settle(model, manager);
  const told = manager.claims.claim(requestBy('bob'));
  await nextTurn();
  wait(1_000);
  manager.pools.get('default')!.changed();
  t.like(await told, { status: 'waiting', position: 1 });
  const bye = new AbortController();
  bye.abort();
  await t.throwsAsync(manager.claim('eve', { clientGone: bye.signal }), { any: true, name: 'AbortError' });
  const claims = await scrape();
  t.is(claims('warmterm_claims_total{pool="default",result="new"}'), 1);
  t.is(claims('warmterm_claims_total{pool="default",result="reconnected"}'), 1);
  t.is(claims('warmterm_claims_total{pool="default",result="waiting"}'), 1);
  t.is(claims('warmterm_claims_total{pool="default",result="abandoned"}'), 1);
  t.is(claims('warmterm_claim_duration_seconds_count{pool="default"}'), 1);

  await manager.claims.end('ann');
  await settle(model, manager);
  model.setPool({ annotations: { 'warmterm.dev/spare': '0', 'warmterm.dev/max': '2' } });
  await settle(model, manager);
  const waits = [manager.claim('bob'), manager.claim('eve')];
  await nextTurn();
  t.is((await scrape())('warmterm_pool_waiting{pool="default"}'), 1);
  wait(3_000);
  await settle(model, manager);
  await Promise.all(waits);
  const later = await scrape();
  t.is(later('warmterm_claim_duration_seconds_count{pool="default"}'), 3);
  t.is(later('warmterm_claim_duration_seconds_bucket{le="5",pool="default"}'), 3);
  t.true(later('warmterm_claim_duration_seconds_sum{pool="default"}')! >= 3);
  t.is(later('warmterm_claim_hits_total{pool="default"}'), 1);
  t.is(later('warmterm_claim_misses_total{pool="default"}'), 2);
});

test('metrics: Kubernetes requests are counted by status, failed watches by kind', async (t) => {
  const { manager, scrape } = await start(t, {});
  manager.metrics.requested('PATCH', 422);
  manager.metrics.requested('PATCH', 422);
  manager.metrics.requested('GET', 0);
  manager.metrics.watchBroke('/api/v1/namespaces/n/pods');
  const samples = await scrape();
  t.is(samples('warmterm_kubernetes_requests_total{verb="PATCH",code="422"}'), 2);
  t.is(samples('warmterm_kubernetes_requests_total{verb="GET",code="0"}'), 1);
  t.is(samples('warmterm_kubernetes_watch_restarts_total{resource="pods"}'), 1);
});

test('metrics: actions and their failures are counted, refills are timed', async (t) => {
  const { model, manager, scrape, wait } = await start(t, {
    'warmterm.dev/spare': '1',
    'warmterm.dev/max': '2',
    'warmterm.dev/connect-timeout': '30s',
  });
  await manager.claim('ann');
  // The pool has grown, and its new pod takes three seconds.
  for (let turn = 0; turn < 6; turn++) {
    manager.port.deliver();
    await nextTurn();
  }
  wait(3_000);
  await settle(model, manager);
  const before = await scrape();
  const pool = 'pool="default"';
  t.is(before(`warmterm_refill_duration_seconds_count{${pool}}`), 2, 'the first was ready at once');
  t.is(before(`warmterm_refill_duration_seconds_sum{${pool}}`), 3);
  t.is(before(`warmterm_pool_actions_total{${pool},action="scale-up",reason=""}`), 2);

  const remove = manager.port.deleteAsSeen.bind(manager.port);
  manager.port.deleteAsSeen = () => Promise.reject(new Error('no'));
  wait(30_000);
  manager.pools.get('default')!.changed();
  await settle(model, manager);
  t.is((await scrape())('warmterm_actions_failed_total{action="reap"}'), 1);
  manager.port.deleteAsSeen = remove;
  wait(1_000);
  manager.pools.get('default')!.changed();
  await settle(model, manager);
  const after = await scrape();
  t.is(after(`warmterm_pool_actions_total{${pool},action="reap",reason="never-connected"}`), 1);
  t.is(after(`warmterm_refill_duration_seconds_count{${pool}}`), 3);
});
