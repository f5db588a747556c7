// The chart's templates must match what the services read: names of settings, labels, annotations and ports. These tests
// only read the chart; `helm test` on a cluster proves that it installs.

import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { healthPortName, labels, managerAudience, settingAnnotations, terminalPortName } from '../../common/names.ts';
import { relayModes } from '../../common/terminals-api.ts';
import { readConfig as readManagerConfig } from '../../manager/config.ts';
import { routeKinds } from '../../manager/exposure/route-kind.ts';
import { defaultSettings, readSettings } from '../../manager/model/settings.ts';
import { readConfig as readTerminalConfig } from '../../terminal/config.ts';
import { readConfig as readWebserverConfig } from '../../webserver/config.ts';

const read = (path: string) => readFileSync(new URL(`../../helm/${path}`, import.meta.url), 'utf8');
const values = read('values.yaml');
const pools = read('templates/pools.yaml');
const poolSettings = read('templates/_cluster.tpl');

const services = [
  { template: 'manager.yaml', readConfig: readManagerConfig },
  { template: 'webserver.yaml', readConfig: readWebserverConfig },
  { template: 'pools.yaml', readConfig: readTerminalConfig },
];
for (const { template, readConfig } of services) {
  test(`each setting in ${template} is one that its service has`, (t) => {
    const names = [...read(`templates/${template}`).matchAll(/name: ([A-Z][A-Z_]+)/g)].map((match) => match[1] ?? '');
    t.true(names.length > 4);
    const { message } = t.throws(() => readConfig(Object.fromEntries(names.map((name) => [name, '']))));
    t.false(message.includes('there is no such setting'), message);
    t.false(message.includes('is not set'), message);
  });
}

test('pools: every setting is an annotation of the StatefulSet, with the manager’s default', (t) => {
  const given: Record<string, string> = {};
  for (const [key, annotation] of Object.entries(settingAnnotations)) {
    const rendered = key === 'prewarm' ? 'toJson . | quote' : `.${key} | quote`;
    t.true(poolSettings.includes(`${annotation}: {{ ${rendered} }}`), annotation);
    given[annotation] = new RegExp(`^ {2}${key}: (\\S+)$`, 'm').exec(values)?.[1] ?? '';
  }
  t.deepEqual(readSettings(given), { settings: defaultSettings, problems: [] });
});

test('pods: a pod of the chart can be claimed, reached and identified by its token', (t) => {
  t.regex(pools, new RegExp(`^ {8}${labels.claimed}: "false"$`, 'm'));
  t.regex(pools, new RegExp(`^ {4}${labels.pool}: `, 'm'));
  t.regex(pools, /^ {6}annotations:\n {8}\S+: \S/m);
  t.true(pools.includes(`{name: ${terminalPortName}, containerPort: 3000, protocol: TCP}`));
  t.true(pools.includes(`{name: ${healthPortName}, containerPort: 3900, protocol: TCP}`));
  t.deepEqual(
    [...pools.matchAll(/httpGet: \{path: (\S+), port: (\w+)\}/g)].map(([, path, port]) => [path, port]),
    [
      ['/readyz', healthPortName],
      ['/healthz', healthPortName],
    ],
  );
  t.true(read('templates/_helpers.tpl').includes(`audience: ${managerAudience},`));
});

test('inv 5: pools: the chart sets no replicas, and updates pods OnDelete', (t) => {
  t.notRegex(pools, /^\s+replicas:/m);
  t.true(pools.includes('updateStrategy: {type: OnDelete}'));
});

test('inv 7: pods: only the manager has a token of the Kubernetes API; none has service links', (t) => {
  for (const template of readdirSync(new URL('../../helm/templates/', import.meta.url), { recursive: true })) {
    const text = String(template).endsWith('.yaml') ? read(`templates/${template}`) : '';
    if (!/^ *containers:/m.test(text)) continue;
    t.true(text.includes('enableServiceLinks: false'), String(template));
    t.is(text.includes('automountServiceAccountToken: true'), template === 'manager.yaml', String(template));
  }
});

test('rbac: the manager may read nodes, and has the permissions on routes that it uses', (t) => {
  const rbac = read('templates/rbac.yaml');
  const rules = rbac.split(/^ {2}- apiGroups: /m);
  const verbsOf = (rule: string) => [...rule.matchAll(/^ {6}- (\w+)/gm)].map(([, verb]) => verb);
  const routes = rules.find((rule) => rule.includes('httproutes'))!;
  for (const { apiVersion, plural } of Object.values(routeKinds)) {
    t.true(routes.includes(`"${apiVersion.split('/')[0]}"`) && routes.includes(`"${plural}"`), plural);
  }
  t.deepEqual(verbsOf(routes), ['list', 'watch', 'create', 'get', 'update', 'patch', 'delete']);
  t.regex(rbac, /\{\{- if \$routed \}\}\n {2}- apiGroups: \[\{\{ ternary "networking.k8s.io" /);
  t.deepEqual(verbsOf(rules.find((rule) => rule.includes('[nodes]'))!), ['list', 'watch']);
});

test('inv 10: schema: refuses a host that several terminals would share', (t) => {
  const { properties } = JSON.parse(read('values.schema.json')).properties.terminals;
  const right = new RegExp(properties.ingress.properties.host.anyOf[1].pattern);
  for (const host of ['{name}.term.example.org', 't-{ordinal}.{pool}.example.org', '{pool}-{ordinal}.example.org']) {
    t.regex(host, right);
  }
  for (const host of [
    'term.example.org',
    '{ordinal}.example.org',
    '{pool}.example.org',
    'https://{name}.example.org',
    '',
  ]) {
    t.notRegex(host, right);
  }
  t.deepEqual(properties.ingress.properties.kind.enum, Object.keys(routeKinds));
});

test('pools: the chart’s default limits equal those of a pool without annotations', (t) => {
  const { poolDefaults } = parse(values) as { poolDefaults: Record<string, unknown> };
  const annotations = Object.fromEntries(
    Object.entries(settingAnnotations)
      .filter(([key]) => key !== 'prewarm')
      .map(([key, annotation]) => [annotation, String(poolDefaults[key])]),
  );
  t.deepEqual(readSettings(annotations), { settings: defaultSettings, problems: [] });
});

test('relay: the chart’s modes equal the webserver’s, and the network policy allows it unless never', (t) => {
  const { properties } = JSON.parse(read('values.schema.json'));
  const { relay, relayLimit } = properties.webserver.properties;
  t.deepEqual(relay.enum, [...relayModes]);
  const required = { WARMTERM_MANAGER_URL: 'http://manager' };
  const files = { WARMTERM_MANAGER_TOKEN_FILE: 'token', WARMTERM_VISITOR_SECRET_FILE: 'visitor-secret' };
  const defaults = readWebserverConfig({ ...required, ...files });
  t.true(values.includes(`\n  relay: ${defaults.WARMTERM_RELAY}\n  `));
  t.true(values.includes(`\n  relayLimit: ${defaults.WARMTERM_RELAY_LIMIT}\n`));
  t.true(values.includes(`\n  connectionLimit: ${defaults.WARMTERM_CONNECTION_LIMIT}\n`));
  t.true(defaults.WARMTERM_RELAY_LIMIT <= relayLimit.maximum);
  t.true(values.includes(`\n  challengeWork: ${defaults.WARMTERM_CHALLENGE_WORK}\n`));
  const policy = read('templates/networkpolicies.yaml')
    .split('\n---\n')
    .find((document) => document.includes('"%s-webserver"'));
  const [, open] = /if ne \$\.Values\.webserver\.relay "never" \}\}\n([\s\S]*?)\{\{- end/.exec(policy ?? '') ?? [];
  t.regex(open ?? '', /matchLabels: \{\{- \$terminal /);
  t.true(open?.includes(`ports: [{port: ${terminalPortName}, protocol: TCP}]`));
});

test('pods: the termination message is not writable for the visitor', (t) => {
  const [, folder = ''] = /terminationMessagePath: (.+)\/termination-log$/m.exec(pools) ?? [];
  const dockerfile = readFileSync(new URL('../../terminal/Dockerfile', import.meta.url), 'utf8');
  t.true(dockerfile.includes(`install -d -m 700 ${folder}\n`), folder);
});

test('inv 10: schema: a sentence precedes each pattern, so that helm reports it', (t) => {
  const patterns: string[] = [];
  const visit = (node: unknown, key: string, parent: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    // Helm reports a forbidden property name by the name, not by the pattern.
    if (key === 'not') return;
    if ('pattern' in node && typeof node.pattern === 'string') {
      patterns.push(node.pattern);
      const [sentence] = Array.isArray(parent) ? parent : [];
      t.true(typeof sentence?.enum?.at(-1) === 'string' && sentence !== node, node.pattern);
    }
    for (const [inner, value] of Object.entries(node)) visit(value, inner, node);
  };
  visit(JSON.parse(read('values.schema.json')), '', undefined);
  t.true(patterns.length > 20);
});
