import { readFileSync } from 'node:fs';
import test from 'ava';
import { describePool } from '../../local/pool.ts';
import { readConfig } from '../../terminal/config.ts';
import { endBudget } from '../../terminal/end-budget.ts';
import { chart } from '../helpers/helm.ts';

/** A reserve for a busy node. */
const spareMs = 2_000;
const besideHookMs = Object.values(endBudget).reduce((sum, ms) => sum + ms, 0);

test('end-budget: the chart’s grace period covers the runs and the hook', (t) => {
  const pools = readFileSync(`${chart}/templates/pools.yaml`, 'utf8');
  const [, more] = /terminationGracePeriodSeconds: \{\{ add \.beforeExitSeconds (\d+) \}\}/.exec(pools) ?? [];
  t.true(Number(more) * 1_000 >= besideHookMs + spareMs, `${more} s for ${besideHookMs} ms`);
});

test('end-budget: the stand-in’s default grace period covers them too', (t) => {
  const { spec } = describePool({ name: 'a', namespace: 'b', replicas: 1, settings: {}, args: [], env: {} });
  const { beforeExitTimeoutMs } = readConfig({
    WARMTERM_POD_NAME: 'a-0',
    WARMTERM_POD_UID: 'uid',
    WARMTERM_MANAGER_URL: 'http://127.0.0.1:1',
    WARMTERM_MANAGER_TOKEN_FILE: '/token',
  });
  const graceMs = spec.template.spec.terminationGracePeriodSeconds * 1_000;
  t.true(graceMs >= beforeExitTimeoutMs + besideHookMs + spareMs, `${graceMs} ms`);
});
