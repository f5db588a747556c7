// The dashboard and the alerts use only metrics that the services export. A query for another metric is always empty,
// and an alert on it never fires.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { createCounters } from '../../manager/metrics/counters.ts';
import { registerPoolMetrics } from '../../manager/metrics/pools.ts';
import { Pools } from '../../manager/model/pools.ts';
import { createMetrics as createWebserverMetrics } from '../../webserver/metrics.ts';

type Rule = { alert: string; expr: string; labels: { severity: string }; annotations: Record<string, string> };
type Panel = { type: string; title: string; description: string; targets?: { expr: string; legendFormat: string }[] };
type Place = { x: number; y: number; w: number; h: number };
type Dashboard = { panels: (Panel & { gridPos: Place })[]; templating: { list: { name: string; query: unknown }[] } };

const file = (name: string) => readFileSync(new URL(`../../helm/files/${name}`, import.meta.url), 'utf8');
const dashboard: Dashboard = JSON.parse(file('dashboard.json'));
const rules: Rule[] = parse(file('alerts.yaml')).groups.flatMap((group: { rules: Rule[] }) => group.rules);

/** Series by name, each with its labels in the code. */
async function exported(): Promise<Map<string, Set<string>>> {
  const manager = createCounters();
  registerPoolMetrics({
    counters: manager,
    pools: new Pools(),
    waiting: () => 0,
    isLeader: () => true,
    clock: () => 0,
  });
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults });
  const series = new Map<string, Set<string>>();
  for (const registry of [manager.registry, createWebserverMetrics().registry, defaults]) {
    for (const metric of registry.getMetricsAsArray() as unknown as {
      name: string;
      type: string;
      labelNames?: string[];
    }[]) {
      const labels = metric.labelNames ?? [];
      series.set(metric.name, new Set(labels));
      if (metric.type !== 'histogram') continue;
      for (const part of ['sum', 'count']) series.set(`${metric.name}_${part}`, new Set(labels));
      series.set(`${metric.name}_bucket`, new Set([...labels, 'le']));
    }
  }
  return series;
}

// The labels that Prometheus adds to targets of a ServiceMonitor.
const added = ['namespace', 'pod', 'job', 'instance'];
const words = new Set(['by', 'and', 'or', 'unless', 'on', 'ignoring', 'group_left', 'without']);

/** The metric names in a query (not followed by `(` or `=`), and the labels by which it selects or groups. */
function readQuery(query: string): { names: string[]; labels: string[] } {
  const labels: string[] = [];
  const bare = query
    .replace(/"[^"]*"/g, '""')
    .replace(/\{([^}]*)\}/g, (_, inside: string) => {
      labels.push(...[...inside.matchAll(/(\w+)\s*(?:=|!)/g)].map((match) => match[1]!));
      return '';
    })
    .replace(/\bby\s*\(([^)]*)\)/g, (_, inside: string) => {
      labels.push(...inside.split(',').map((label) => label.trim()));
      return '';
    })
    .replace(/\[[^\]]*\]/g, '');
  const names = [...bare.matchAll(/\b[a-z_]\w*\b(?!\s*\()/g)].map(([name]) => name);
  return { names: names.filter((name) => !words.has(name)), labels };
}

const queries = [
  ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expr }))),
];

test('monitoring: parses the metrics and the labels of a query', (t) => {
  const query =
    'histogram_quantile(0.9, sum by (pool, le) (rate(a_bucket{b="c", d=~"e|f"}[5m]))) > 2 and h_i{j!="k"} < 1';
  t.deepEqual(readQuery(query), { names: ['a_bucket', 'h_i'], labels: ['b', 'd', 'j', 'pool', 'le'] });
});

test('monitoring: alerts and panels use only exported metrics and labels', async (t) => {
  const series = await exported();
  t.true(queries.length > 40);
  for (const { of, expr } of queries) {
    const { names, labels } = readQuery(expr);
    t.true(names.length > 0, `${of}: ${expr}`);
    for (const name of names) t.true(series.has(name), `${of}: ${name} is not exported`);
    const known = new Set([...names.flatMap((name) => [...(series.get(name) ?? [])]), ...added]);
    for (const label of labels) t.true(known.has(label), `${of}: no label ${label} in ${expr}`);
  }
});

test('monitoring: every metric is on the dashboard or in an alert', async (t) => {
  const asked = new Set(queries.flatMap(({ expr }) => readQuery(expr).names.map(familyOf)));
  const ours = [...(await exported()).keys()].filter((name) => name.startsWith('warmterm_')).map(familyOf);
  // Bounds that the replicas' panel shows, or that come from the settings.
  const others = new Set(['warmterm_pool_min']);
  t.deepEqual(
    [...new Set(ours)].filter((name) => !asked.has(name) && !others.has(name)),
    [],
  );
});

const familyOf = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');

test('alerts: each has a summary, a severity and a runbook', (t) => {
  t.is(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, labels, annotations } of rules) {
    t.regex(alert, /^Warmterm[A-Z]\w+$/);
    t.true(['critical', 'warning', 'info'].includes(labels.severity), alert);
    for (const part of ['summary', 'description', 'runbook'] as const) {
      t.regex(annotations[part] ?? '', /^\S.{20,}\.$/s, `${alert}: ${part}`);
    }
  }
});

test('alerts: each is limited to the release’s namespace', (t) => {
  for (const { alert, expr } of rules) {
    const selectors = expr.match(/\{/g) ?? [];
    t.is(expr.match(/\{namespace="NAMESPACE"/g)?.length, selectors.length, alert);
    t.is(selectors.length, readQuery(expr).names.length, alert);
  }
});

test('dashboard: panels have names and descriptions, fit the grid and do not overlap', (t) => {
  const taken = new Set<string>();
  for (const { type, title, description, targets = [], gridPos } of dashboard.panels) {
    const { x, y, w, h } = gridPos;
    t.true(x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        t.false(taken.has(`${column} ${line}`), title);
        taken.add(`${column} ${line}`);
      }
    }
    if (type === 'row') continue;
    t.regex(description, /\.$/, title);
    t.true(targets.length > 0, title);
    for (const { expr, legendFormat } of targets) {
      t.true(expr.includes('namespace="$namespace"'), title);
      t.not(legendFormat, '', title);
    }
  }
  t.deepEqual(
    dashboard.templating.list.map(({ name }) => name),
    ['datasource', 'namespace', 'pool'],
  );
});
