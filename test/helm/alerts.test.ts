// The alerts in Prometheus' own promtool, if installed: each fires in its case with a clear text, and
// stays quiet in a similar case.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { ifInstalled } from '../helpers/skip.ts';

type Rule = { alert: string; labels: Record<string, string>; annotations: Record<string, string> };

/** Series by `metric{labels}`, each with values in Prometheus' notation, one a minute: `0+2x30` is 0, 2, 4 and so on, 30 times. */
type Series = Record<string, string>;

type Case = {
  /** The minute of the check. */
  at: number;
  fires: Series;
  /** The labels that distinguish its instances. */
  labels?: Record<string, string>;
  /** The value as its text formats it. */
  value?: string;
  quiet: Series;
};

const pool = { pool: 'default' };

const cases: Record<string, Case> = {
  WarmtermManagerAbsent: {
    at: 6,
    fires: { up: '1+0x10' },
    labels: { namespace: 'ours' },
    quiet: { 'warmterm_leader{pod="a"}': '0+0x10' },
  },
  WarmtermNoLeader: {
    at: 3,
    fires: { 'warmterm_leader{pod="a"}': '0+0x10', 'warmterm_leader{pod="b"}': '0+0x10' },
    quiet: { 'warmterm_leader{pod="a"}': '0+0x10', 'warmterm_leader{pod="b"}': '1+0x10' },
  },
  WarmtermSeveralLeaders: {
    at: 3,
    fires: { 'warmterm_leader{pod="a"}': '1+0x10', 'warmterm_leader{pod="b"}': '1+0x10' },
    value: '2',
    // One manager hands over to the other.
    quiet: { 'warmterm_leader{pod="a"}': '1 1 0 0 0', 'warmterm_leader{pod="b"}': '0 1 1 1 1' },
  },
  WarmtermNothingReady: {
    at: 6,
    fires: {
      'warmterm_pool_terminals{pool="default", state="ready"}': '0+0x10',
      'warmterm_pool_spare{pool="default"}': '2+0x10',
    },
    labels: pool,
    quiet: {
      'warmterm_pool_terminals{pool="default", state="ready"}': '0+0x10',
      'warmterm_pool_spare{pool="default"}': '0+0x10',
    },
  },
  WarmtermVisitorsWait: {
    at: 6,
    fires: { 'warmterm_pool_waiting{pool="default", pod="a"}': '3+0x10' },
    labels: pool,
    value: '3',
    quiet: { 'warmterm_pool_waiting{pool="default", pod="a"}': '3 3 0 3 3 3 3' },
  },
  WarmtermHitRateLow: {
    at: 90,
    fires: {
      'warmterm_claim_hits_total{pool="default"}': '0+1x100',
      'warmterm_claim_misses_total{pool="default"}': '0+1x100',
    },
    labels: pool,
    value: '50%',
    quiet: {
      'warmterm_claim_hits_total{pool="default"}': '0+99x100',
      'warmterm_claim_misses_total{pool="default"}': '0+1x100',
    },
  },
  WarmtermClaimsFail: {
    at: 15,
    fires: {
      'warmterm_claims_total{pool="default", result="timeout"}': '0+1x20',
      'warmterm_claims_total{pool="default", result="new"}': '0+9x20',
    },
    labels: pool,
    value: '10%',
    // A visitor at the limit is refused, which is no failure.
    quiet: {
      'warmterm_claims_total{pool="default", result="too-many-requests"}': '0+9x20',
      'warmterm_claims_total{pool="default", result="new"}': '0+1x20',
    },
  },
  WarmtermClaimsSlow: {
    at: 30,
    fires: {
      'warmterm_claim_duration_seconds_bucket{pool="default", le="2.5"}': '0+5x40',
      'warmterm_claim_duration_seconds_bucket{pool="default", le="5"}': '0+10x40',
      'warmterm_claim_duration_seconds_bucket{pool="default", le="+Inf"}': '0+10x40',
    },
    labels: pool,
    value: '4.75s',
    quiet: {
      'warmterm_claim_duration_seconds_bucket{pool="default", le="2.5"}': '0+99x40',
      'warmterm_claim_duration_seconds_bucket{pool="default", le="5"}': '0+100x40',
      'warmterm_claim_duration_seconds_bucket{pool="default", le="+Inf"}': '0+100x40',
    },
  },
  WarmtermRefillSlow: {
    at: 60,
    fires: {
      'warmterm_refill_duration_seconds_bucket{pool="default", le="60"}': '0+0x70',
      'warmterm_refill_duration_seconds_bucket{pool="default", le="120"}': '0+2x70',
      'warmterm_refill_duration_seconds_bucket{pool="default", le="+Inf"}': '0+2x70',
    },
    labels: pool,
    value: '1m 54s',
    quiet: {
      'warmterm_refill_duration_seconds_bucket{pool="default", le="60"}': '0+19x70',
      'warmterm_refill_duration_seconds_bucket{pool="default", le="120"}': '0+20x70',
      'warmterm_refill_duration_seconds_bucket{pool="default", le="+Inf"}': '0+20x70',
    },
  },
  WarmtermBrokenTerminals: {
    at: 11,
    fires: { 'warmterm_pool_terminals{pool="default", state="broken"}': '2+0x20' },
    labels: pool,
    value: '2',
    quiet: { 'warmterm_pool_terminals{pool="default", state="recreating"}': '2+0x20' },
  },
  WarmtermUnreachableTerminals: {
    at: 6,
    fires: { 'warmterm_pool_terminals{pool="default", state="unreachable"}': '2+0x20' },
    labels: pool,
    value: '2',
    quiet: { 'warmterm_pool_terminals{pool="default", state="recreating"}': '2+0x20' },
  },
  WarmtermWrongSettings: {
    at: 6,
    fires: { 'warmterm_pool_wrong_settings{pool="default"}': '1+0x10' },
    labels: pool,
    value: '1',
    quiet: { 'warmterm_pool_wrong_settings{pool="default"}': '0+0x10' },
  },
  WarmtermSessionsLost: {
    at: 40,
    fires: { 'warmterm_pool_actions_total{pool="default", action="reap", reason="node-lost"}': '0+1x50' },
    labels: { ...pool, reason: 'node-lost' },
    value: '30',
    quiet: { 'warmterm_pool_actions_total{pool="default", action="reap", reason="max-lifetime"}': '0+1x50' },
  },
  WarmtermActionsFail: {
    at: 40,
    fires: { 'warmterm_actions_failed_total{action="expose"}': '0+1x50' },
    labels: { action: 'expose' },
    value: '15',
    quiet: { 'warmterm_actions_failed_total{action="expose"}': '0+0.5x50' },
  },
  WarmtermKubernetesErrors: {
    at: 15,
    fires: {
      'warmterm_kubernetes_requests_total{verb="GET", code="0"}': '0+1x20',
      'warmterm_kubernetes_requests_total{verb="PATCH", code="429"}': '0+1x20',
      'warmterm_kubernetes_requests_total{verb="PATCH", code="200"}': '0+8x20',
    },
    value: '20%',
    // Another manager was first, which is normal.
    quiet: {
      'warmterm_kubernetes_requests_total{verb="PATCH", code="422"}': '0+5x20',
      'warmterm_kubernetes_requests_total{verb="PATCH", code="200"}': '0+5x20',
    },
  },
  WarmtermTokensForged: {
    at: 10,
    fires: { 'warmterm_token_reviews_total{result="refused"}': '0+40x20' },
    value: '200',
    quiet: { 'warmterm_token_reviews_total{result="refused"}': '0+10x20' },
  },
  WarmtermWatchesBreak: {
    at: 20,
    fires: { 'warmterm_kubernetes_watch_restarts_total{resource="pods"}': '0+2x30' },
    labels: { resource: 'pods' },
    value: '30',
    quiet: { 'warmterm_kubernetes_watch_restarts_total{resource="pods"}': '0+1x30' },
  },
  WarmtermWebserverErrors: {
    at: 15,
    fires: {
      'warmterm_http_requests_total{status="503"}': '0+1x20',
      'warmterm_http_requests_total{status="200"}': '0+9x20',
    },
    value: '10%',
    quiet: {
      'warmterm_http_requests_total{status="429"}': '0+9x20',
      'warmterm_http_requests_total{status="200"}': '0+1x20',
    },
  },
};

const text = readFileSync(new URL('../../helm/files/alerts.yaml', import.meta.url), 'utf8').replaceAll(
  'NAMESPACE',
  'ours',
);
const rules: Rule[] = parse(text).groups.flatMap((group: { rules: Rule[] }) => group.rules);
const judged = ifInstalled('promtool', test);

test('alerts: each has a case in which it fires', (t) => {
  t.deepEqual(
    rules.map(({ alert }) => alert),
    Object.keys(cases),
  );
});

for (const { alert, labels, annotations } of rules) {
  const { at, fires, quiet, labels: apart = {}, value = '' } = cases[alert] ?? { at: 0, fires: {}, quiet: {} };
  const say = (template: string) =>
    template
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => apart[label] ?? '')
      .replace(/\{\{ \$value[^}]*\}\}/g, value);
  const said = Object.fromEntries(Object.entries(annotations).map(([name, template]) => [name, say(template)]));
  judged(`${alert} goes off`, (t) => {
    t.is(promtool(alert, at, fires, [{ exp_labels: { ...labels, ...apart }, exp_annotations: said }]), '');
  });
  judged(`${alert} stays quiet`, (t) => {
    t.is(promtool(alert, at, quiet, []), '');
  });
}

/** promtool's complaint if the alert is not as expected; empty: none. */
function promtool(alert: string, minutes: number, series: Series, expected: object[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'alerts-'));
  const inNamespace = (name: string) =>
    name.includes('{') ? name.replace('{', '{namespace="ours", ') : `${name}{namespace="ours"}`;
  const cases = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: inNamespace(name), values })),
        alert_rule_test: [{ eval_time: `${minutes}m`, alertname: alert, exp_alerts: expected }],
      },
    ],
  };
  try {
    writeFileSync(join(directory, 'rules.yaml'), text);
    // JSON is valid YAML.
    writeFileSync(join(directory, 'test.yaml'), JSON.stringify(cases));
    execFileSync('promtool', ['test', 'rules', 'test.yaml'], { cwd: directory, stdio: 'pipe' });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
    return `${stdout}${stderr}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
