// The chart rendered by the real helm, if installed: every switch, every example, and every invalid value.

import { readdirSync, readFileSync } from 'node:fs';
import anyTest from 'ava';
import { parse } from 'yaml';
import { labels, settingAnnotations } from '../../common/names.ts';
import { readHost } from '../../manager/exposure/route-kind.ts';
import { fillRoute, parseRouteTemplate } from '../../manager/exposure/route-template.ts';
import { readSettings } from '../../manager/model/settings.ts';
import { readConfig } from '../../webserver/config.ts';
import { chart, helmProgram, type Rendered, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

const find = (objects: Rendered[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);
const podOf = (object: Rendered | undefined) => object?.spec.template.spec;

for (const name of readdirSync(`${chart}/ci`)) {
  test(`it renders with ci/${name}`, async (t) => {
    const { objects, refusal } = await render(`${chart}/ci/${name}`);
    t.is(refusal, '');
    t.true(objects.length > 10);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    t.deepEqual(names, [...new Set(names)], 'each object once');
  });
}

test('the example of a page by HTTPS', async (t) => {
  const { objects, refusal } = await render(`${chart}/examples/https-ingress.yaml`);
  t.is(refusal, '');
  const ingress = find(objects, 'Ingress', 'warmterm-webserver')?.spec;
  t.deepEqual(ingress.tls, [{ hosts: ['shell.example.org'], secretName: 'shell-example-org' }]);
  t.is(find(objects, 'Service', 'warmterm-webserver')?.spec.type, 'ClusterIP');
});

for (const [kind, values] of [
  ['Ingress', { tlsSecret: 'terminals', className: 'nginx' }],
  ['HTTPRoute', { protocol: 'https', parentRefs: [{ name: 'edge' }] }],
] as const) {
  test(`with ${kind} for terminals, manager and webserver get the same hosts`, async (t) => {
    const { objects, refusal } = await render({ terminals: { exposure: 'ingress', ingress: { kind, ...values } } });
    t.is(refusal, '');
    const told = (service: string, name: string): string =>
      podOf(find(objects, 'Deployment', `warmterm-${service}`)).containers[0].env.find(
        (entry: { name: string }) => entry.name === name,
      ).value;
    const file = objects.flatMap(({ data }) => data?.['template.json'] ?? [])[0] ?? '';
    const template = parseRouteTemplate(file, told('manager', 'WARMTERM_ROUTE_PROTOCOL') as 'https');
    if (Array.isArray(template)) return t.fail(template.join('\n'));
    t.like(template, { kind, protocol: 'https' });
    const route = fillRoute(template, { name: 'default-3', pool: 'default', ordinal: 3 });
    t.is(readHost(kind, route.spec), 'default-3.example-terminals.net');
    t.is(told('webserver', 'WARMTERM_ADDRESS'), 'https://{name}.example-terminals.net');
    t.is(told('manager', 'WARMTERM_EXPOSURE'), 'ingress');
  });
}

test('webserver: gets the names of its Ingress or HTTPRoute, or webserver.hosts', async (t) => {
  const hosts = async (webserver: object): Promise<string[] | undefined> => {
    const { objects, refusal } = await render({ webserver });
    t.is(refusal, '');
    const { env } = podOf(find(objects, 'Deployment', 'warmterm-webserver')).containers[0];
    return env.find(({ name }: { name: string }) => name === 'WARMTERM_HOSTS')?.value.split(',');
  };
  const service = ['warmterm-webserver', 'warmterm-webserver.ours', 'warmterm-webserver.ours.svc'];
  const always = [...service, 'localhost', '127.0.0.1'];
  t.is(await hosts({}), undefined);
  const ingress = { enabled: true, hosts: ['shell.example.org'] };
  t.deepEqual(await hosts({ ingress }), ['shell.example.org', ...always]);
  const httpRoute = { enabled: true, parentRefs: [{ name: 'edge' }], hostnames: ['a.example.org', '*.b.example.org'] };
  t.deepEqual(await hosts({ httpRoute }), ['a.example.org', '*.b.example.org', ...always]);
  t.deepEqual(await hosts({ ingress, hosts: ['c.example.org'] }), ['c.example.org', ...always]);
});

test('the example of a workshop', async (t) => {
  const { objects, refusal } = await render(`${chart}/examples/workshop.yaml`);
  t.is(refusal, '');
  const pool = find(objects, 'StatefulSet', 'workshop');
  t.is(pool?.metadata.annotations?.['warmterm.dev/max'], '50');
  const { settings, problems } = readSettings(pool?.metadata.annotations ?? {});
  t.deepEqual(problems, []);
  t.like(settings.prewarm[0], { ready: 40, from: Date.parse('2027-01-12T08:00Z'), repeat: { days: 7, times: 12 } });
  t.like(podOf(pool), { hostUsers: false, nodeSelector: { workshop: 'yes' } });
  t.is(podOf(pool).containers[0].resources.limits.memory, '1Gi');
});

test('the example of a sandbox', async (t) => {
  const { objects, refusal } = await render(`${chart}/examples/gvisor.yaml`);
  t.is(refusal, '');
  t.is(podOf(find(objects, 'StatefulSet', 'public')).runtimeClassName, 'gvisor');
  t.is(podOf(find(objects, 'StatefulSet', 'team')).runtimeClassName, undefined);
});

test('examples: oauth2-proxy: valid settings, and only the proxy reaches the webserver', async (t) => {
  const { objects, refusal } = await render(`${chart}/examples/oauth2-proxy.yaml`);
  t.is(refusal, '');
  const { env } = podOf(find(objects, 'Deployment', 'warmterm-webserver')).containers[0];
  const given = Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value]));
  t.like(readConfig(given), { WARMTERM_IDENTITY: 'header', WARMTERM_TRUST_PROXY: ['10.42.0.0/16'] });
  const [http] = find(objects, 'NetworkPolicy', 'warmterm-webserver')?.spec.ingress ?? [];
  t.deepEqual(http.from[0].podSelector.matchLabels, { access: 'warmterm-page' });
  t.is(find(objects, 'Service', 'warmterm-webserver')?.spec.type, 'ClusterIP');
});

test('examples: save-git-work reaches the terminal unchanged', async (t) => {
  const { objects, refusal } = await render(`${chart}/examples/save-git-work.yaml`);
  t.is(refusal, '');
  const { containers, terminationGracePeriodSeconds } = podOf(find(objects, 'StatefulSet', 'default'));
  const env = containers[0].env as { name: string; value: string }[];
  const values = parse(readFileSync(`${chart}/examples/save-git-work.yaml`, 'utf8'));
  t.is(env.find(({ name }) => name === 'WARMTERM_BEFORE_EXIT')?.value, values.poolDefaults.beforeExit);
  // The kubelet replaces two dollar signs by one.
  t.false(values.poolDefaults.beforeExit.includes('$$'));
  t.true(terminationGracePeriodSeconds > values.poolDefaults.beforeExitSeconds);
});

test('examples: Argo CD keeps annotations of the cluster and creates no Secret', async (t) => {
  type Application = {
    spec: { source: { helm: { valuesObject: object } }; ignoreDifferences: { jsonPointers: string[] }[] };
  };
  const { spec } = parse(readFileSync(`${chart}/examples/argocd.yaml`, 'utf8')) as Application;
  const annotations = Object.values(settingAnnotations).map((name) => name.replace('/', '~1'));
  t.deepEqual(spec.ignoreDifferences[0]?.jsonPointers, [
    '/spec/replicas',
    ...annotations.map((name) => `/metadata/annotations/${name}`),
  ]);
  const { objects, refusal } = await render(spec.source.helm.valuesObject);
  t.is(refusal, '');
  t.deepEqual(
    objects.filter(({ kind }) => kind === 'Secret'),
    [],
  );
  t.regex(podOf(find(objects, 'StatefulSet', 'default')).containers[0].image, /^ghcr\.io\//);
});

test('root: has a user namespace and the capabilities for apt; other users have no capabilities', async (t) => {
  const { objects } = await render({ pools: [{ name: 'plain' }, { name: 'root', root: true }] });
  const root = podOf(find(objects, 'StatefulSet', 'root'));
  t.like(root, { hostUsers: false, securityContext: { runAsUser: 0, runAsNonRoot: false } });
  t.like(root.containers[0].securityContext, {
    readOnlyRootFilesystem: false,
    capabilities: {
      drop: ['ALL'],
      add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'],
    },
  });
  const env = (name: string) => root.containers[0].env.find((entry: { name: string }) => entry.name === name)?.value;
  t.is(env('HOME'), '/root');
  t.true(root.containers[0].volumeMounts.some(({ mountPath }: { mountPath: string }) => mountPath === '/root'));

  const plain = podOf(find(objects, 'StatefulSet', 'plain'));
  t.false('hostUsers' in plain);
  t.like(plain.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  t.deepEqual(plain.containers[0].securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  });
});

test('httpRoute: routes its host names to the page', async (t) => {
  const parentRefs = [{ name: 'gateway', namespace: 'gateways' }];
  const hostnames = ['shell.example.org'];
  const { objects } = await render({ webserver: { httpRoute: { enabled: true, parentRefs, hostnames } } });
  t.like(find(objects, 'HTTPRoute', 'warmterm-webserver')?.spec, {
    parentRefs,
    hostnames,
    rules: [{ backendRefs: [{ name: 'warmterm-webserver', port: 80 }] }],
  });
  t.deepEqual(
    (await render({})).objects.filter(({ kind }) =>
      ['HTTPRoute', 'Ingress', 'ServiceMonitor', 'PrometheusRule'].includes(kind),
    ),
    [],
  );
});

test('inv 7: metrics: unreachable for terminals and visitors', async (t) => {
  const { objects } = await render({
    metrics: { enabled: true, serviceMonitor: { enabled: true, labels: { a: 'b' } } },
  });
  for (const [component, port] of [
    ['manager', 9253],
    ['webserver', 9252],
  ] as const) {
    const name = `warmterm-${component}`;
    const [container] = podOf(find(objects, 'Deployment', name)).containers;
    t.deepEqual(container.ports[1], { name: 'metrics', containerPort: port, protocol: 'TCP' });
    t.deepEqual(container.env.find((entry: { name: string }) => entry.name === 'METRICS_PORT').value, String(port));
    t.is(find(objects, 'Service', name)?.spec.ports.length, 1);
    t.is(find(objects, 'Service', `${name}-metrics`)?.spec.ports[0].targetPort, 'metrics');
    const monitor = find(objects, 'ServiceMonitor', `${name}-metrics`);
    t.is(monitor?.metadata.labels.a, 'b');
    t.like(find(objects, 'Service', `${name}-metrics`)?.metadata.labels, monitor?.spec.selector.matchLabels);
    const rules: { from?: unknown; ports: { port: string }[] }[] = find(objects, 'NetworkPolicy', name)?.spec.ingress;
    t.deepEqual(
      rules.filter(({ ports }) => ports.some(({ port }) => port === 'metrics')).map(({ from }) => from),
      [
        [
          {
            namespaceSelector: {},
            podSelector: { matchExpressions: [{ key: labels.pool, operator: 'DoesNotExist' }] },
          },
        ],
      ],
    );
  }
  t.notRegex(JSON.stringify((await render({})).objects), /metrics/i);
});

test('monitoring: alerts select the release’s namespace, and Grafana’s sidecar finds the dashboard', async (t) => {
  const alerts = { enabled: true, labels: { release: 'prometheus' } };
  const dashboard = { enabled: true, annotations: { grafana_folder: 'Shells' } };
  const { objects } = await render({ metrics: { enabled: true, alerts, dashboard } });
  const rule = find(objects, 'PrometheusRule', 'warmterm');
  t.is(rule?.metadata.labels.release, 'prometheus');
  const text = JSON.stringify(rule?.spec);
  t.true(text.includes('absent(warmterm_leader{namespace=\\"ours\\"})'), text.slice(0, 300));
  t.true(text.includes('{{ $labels.pool }}'));
  t.notRegex(text, /NAMESPACE/);
  const map = find(objects, 'ConfigMap', 'warmterm-dashboard');
  t.like(map?.metadata, { labels: { grafana_dashboard: '1' }, annotations: { grafana_folder: 'Shells' } });
  t.is(JSON.parse(map!.data!['warmterm.json']!).uid, 'warmterm');
});

test('inv 10: rbac: the manager may scale a pool, but not change its pod template', async (t) => {
  const { objects } = await render({});
  type Rule = { resources: string[]; verbs: string[] };
  const rules = (find(objects, 'Role', 'warmterm-manager') as unknown as { rules: Rule[] }).rules;
  const verbs = (resource: string) =>
    rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs);
  t.deepEqual(verbs('statefulsets'), ['list', 'watch']);
  t.deepEqual(verbs('statefulsets/scale'), ['patch']);
  t.deepEqual(verbs('configmaps'), ['list', 'watch', 'create', 'get', 'patch']);
});

// Each invalid value with helm's message. Helm reports all of them at once, each by its name.
const wrong: [path: string, value: unknown, said: string][] = [
  ['imagess', {}, '(root): Additional property imagess is not allowed'],
  ['fullnameOverride', 'Ours', 'fullnameOverride: fullnameOverride must be one of the following: "'],
  [
    'images.registry',
    'https://registry.example.org',
    'images.registry: images.registry must be one of the following: "',
  ],
  ['images.tag', 1.2, 'images.tag: Invalid type'],
  ['images.pullPolicy', 'Sometimes', 'images.pullPolicy: images.pullPolicy must be one of'],
  ['images.pullSecrets', 'registry', 'images.pullSecrets: Invalid type'],
  ['secret.exists', 'mine', 'secret: Additional property exists is not allowed'],
  ['webserver.replicas', '2', 'webserver.replicas: Invalid type'],
  ['webserver.logLevel', 'loud', 'webserver.logLevel: webserver.logLevel must be one of'],
  ['webserver.identity', 'person', 'webserver.identity: webserver.identity must be one of'],
  [
    'webserver.identityHeader',
    'X User',
    'webserver.identityHeader: webserver.identityHeader must be one of the following: "',
  ],
  [
    'webserver.frameAncestors',
    '*',
    'webserver.frameAncestors: webserver.frameAncestors must be one of the following: "',
  ],
  ['webserver.from', ['proxy'], 'webserver.from.0: Invalid type'],
  ['webserver.address', 'ws://here', 'webserver.address: webserver.address must be one of the following: "'],
  [
    'webserver.trustProxy',
    true,
    'webserver.trustProxy: webserver.trustProxy must be one of the following: "false, a number of proxies',
  ],
  ['webserver.hostPage', 'yes', 'webserver.hostPage: Invalid type'],
  ['webserver.requestTimeout', 12, 'webserver.requestTimeout: Invalid type'],
  ['webserver.env', [{ name: 'A', value: 1 }], 'webserver.env.0.value: Invalid type'],
  ['webserver.service.type', 'Nodeport', 'webserver.service.type: webserver.service.type must be one of'],
  ['webserver.service.port', 0, 'webserver.service.port: Must be greater than or equal to 1'],
  ['webserver.service.nodePort', 70000, 'webserver.service.nodePort: Must be less than or equal to 65535'],
  [
    'webserver.ingress.hosts',
    ['https://shell'],
    'webserver.ingress.hosts.0: webserver.ingress.hosts.0 must be one of the following: "',
  ],
  ['webserver.ingress.annotations', { a: 1 }, 'webserver.ingress.annotations.a: Invalid type'],
  ['webserver.httpRoute.parentRefs', ['gateway'], 'webserver.httpRoute.parentRefs.0: Invalid type'],
  [
    'webserver.httpRoute.hostnames',
    ['Shell!'],
    'webserver.httpRoute.hostnames.0: webserver.httpRoute.hostnames.0 must be one of the following: "',
  ],
  ['webserver.autoscaling.targetCPU', 0, 'webserver.autoscaling.targetCPU: Must be greater than or equal to 1'],
  ['webserver.resources', 'big', 'webserver.resources: Invalid type'],
  ['manager.replicas', -1, 'manager.replicas: Must be greater than or equal to 0'],
  ['manager.claimTimeout', '10', 'manager.claimTimeout: manager.claimTimeout must be one of the following: "'],
  ['manager.apiTimeout', '5 s', 'manager.apiTimeout: manager.apiTimeout must be one of the following: "'],
  ['manager.tolerations', {}, 'manager.tolerations: Invalid type'],
  ['poolDefaults.name', 'default', 'poolDefaults.name: False always fails validation'],
  ['poolDefaults.spare', -1, 'poolDefaults.spare: Must be greater than or equal to 0'],
  ['poolDefaults.min', 10_001, 'poolDefaults.min: Must be less than or equal to 10000'],
  ['poolDefaults.max', 'many', 'poolDefaults.max: poolDefaults.max must be one of the following: "'],
  ['poolDefaults.maxPerAddress', 0, 'poolDefaults.maxPerAddress: Must be greater than or equal to 1'],
  [
    'poolDefaults.maxPerVisitor',
    'all',
    'poolDefaults.maxPerVisitor: poolDefaults.maxPerVisitor must be one of the following: "',
  ],
  ['poolDefaults.claimsPerMinute', 1.5, 'poolDefaults.claimsPerMinute: Invalid type'],
  [
    'poolDefaults.idleTimeout',
    '15',
    'poolDefaults.idleTimeout: poolDefaults.idleTimeout must be one of the following: "',
  ],
  [
    'poolDefaults.prewarm',
    [{ name: 'a', from: 'nine', to: 'ten', ready: 0, seats: 1 }],
    'poolDefaults.prewarm.0.from: poolDefaults.prewarm.0.from must be one of the following: "',
  ],
  ['poolDefaults.activity', 'both', 'poolDefaults.activity: poolDefaults.activity must be one of'],
  ['poolDefaults.shell', 'zsh', 'poolDefaults.shell: poolDefaults.shell must be one of the following: "'],
  ['poolDefaults.beforeExitSeconds', 0, 'poolDefaults.beforeExitSeconds: Must be greater than or equal to 1'],
  ['poolDefaults.homeSize', '1 GB', 'poolDefaults.homeSize: poolDefaults.homeSize must be one of the following: "'],
  ['poolDefaults.root', 'yes', 'poolDefaults.root: Invalid type'],
  ['poolDefaults.hostUsers', 'no', 'poolDefaults.hostUsers: Invalid type'],
  [
    'pools',
    [{ name: 'A' }, { spare: '020' }, { name: 'b', sparse: 1 }],
    'pools.2: Additional property sparse is not allowed',
  ],
  ['terminals.pdb', true, 'terminals.pdb: Invalid type'],
  ['networkPolicy.dns', [], 'networkPolicy.dns: Array must have at least 1 items'],
  ['networkPolicy.internet', 'yes', 'networkPolicy.internet: Invalid type'],
  ['networkPolicy.dnsPorts', [], 'networkPolicy.dnsPorts: Array must have at least 1 items'],
  ['networkPolicy.dnsAddresses', 'none', 'networkPolicy.dnsAddresses: Invalid type'],
  ['networkPolicy.apiServerPorts', [0], 'networkPolicy.apiServerPorts.0: Must be greater than or equal to 1'],
  [
    'networkPolicy.blockedRanges',
    ['10.0.0.0'],
    'networkPolicy.blockedRanges.0: networkPolicy.blockedRanges.0 must be one of the following: "',
  ],
  ['manager.restrictPatches', 'no', 'manager.restrictPatches: Invalid type'],
  ['metrics.enabled', 'yes', 'metrics.enabled: Invalid type'],
  ['metrics.ports.manager', 70000, 'metrics.ports.manager: Must be less than or equal to 65535'],
  ['metrics.from', [], 'metrics.from: Array must have at least 1 items'],
  ['metrics.serviceMonitor.interval', 30, 'metrics.serviceMonitor.interval: Invalid type'],
  ['metrics.alerts.labels', ['a'], 'metrics.alerts.labels: Invalid type'],
  ['metrics.dashboard.folder', 'Shells', 'metrics.dashboard: Additional property folder is not allowed'],
];

test('inv 10: schema: reports all invalid values by name', async (t) => {
  const values = {};
  for (const [path, value] of wrong) put(values, path.split('.'), value);
  const { refusal } = await render(values);
  for (const [path, , said] of wrong) t.true(refusal.includes(`- ${said}`), `${path}\n${refusal}`);
  t.notRegex(refusal, /pattern|\^/, 'no regular expression');
  t.true(refusal.includes('- pools.1: name is required'));
  t.true(refusal.includes('- pools.1.spare: pools.1.spare must be one of the following: "'));
  t.true(refusal.includes('- poolDefaults.prewarm.0.ready: Must be greater than or equal to 1'));
  t.true(refusal.includes('- poolDefaults.prewarm.0: Additional property seats is not allowed'));
});

test('inv 5: admission: the session policy applies to terminals in use', async (t) => {
  const { objects } = await render({ fullnameOverride: 'shells' }, undefined, [
    'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  ]);
  const { objectSelector } = find(objects, 'ValidatingAdmissionPolicyBinding', 'ours.shells-sessions')!.spec
    .matchResources;
  t.is(objectSelector.matchLabels[labels.claimed], 'true');
  const template = find(objects, 'StatefulSet', 'default')!.spec.template.metadata.labels;
  t.like(template, { ...objectSelector.matchLabels, [labels.claimed]: 'false' });
});

test('services: with an Ingress or a Gateway the page’s Service is ClusterIP, unless the values set a type', async (t) => {
  const ingress = { enabled: true, hosts: ['shell.example.org'] };
  const httpRoute = { enabled: true, parentRefs: [{ name: 'gateway' }] };
  const service = async (webserver: object) => {
    const { objects, refusal } = await render({ webserver });
    t.is(refusal, '');
    return find(objects, 'Service', 'warmterm-webserver')?.spec;
  };
  t.is((await service({})).type, 'NodePort');
  for (const way of [{ ingress }, { httpRoute }]) {
    const spec = await service({ ...way, service: { nodePort: 30_123 } });
    t.is(spec.type, 'ClusterIP');
    t.false('externalTrafficPolicy' in spec || 'nodePort' in spec.ports[0], 'which a ClusterIP Service may not have');
    t.is((await service({ ...way, service: { type: 'NodePort' } })).type, 'NodePort');
  }
});

// GitOps tools and `--set-string` write numbers as strings.
test('pools: quoted numbers are equal to numbers', async (t) => {
  const prewarm = { name: 'class', from: '2027-01-12T09:00Z', to: '2027-01-12T12:00Z' };
  const numbers = {
    spare: 2,
    min: 1,
    max: 20,
    maxPerVisitor: 3,
    maxPerAddress: 5,
    claimsPerMinute: 10,
    challengeFrom: 4,
    maxWaiting: 0,
    maxProcesses: 4_000_000,
    beforeExitSeconds: 30,
  };
  const pool = async (values: object) => {
    const { objects, refusal } = await render({ pools: [{ name: 'default', ...values }] });
    t.is(refusal, '');
    return find(objects, 'StatefulSet', 'default');
  };
  const plain = await pool({ ...numbers, prewarm: [{ ...prewarm, ready: 40 }] });
  const strings = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, String(value)]));
  t.deepEqual(await pool({ ...strings, prewarm: [{ ...prewarm, ready: '40' }] }), plain);
  const { settings, problems } = readSettings(plain?.metadata.annotations ?? {});
  t.deepEqual(problems, []);
  t.like(settings, { spare: 2, max: 20, maxWaiting: 0 });
  const { env } = podOf(plain).containers[0];
  t.is(env.find(({ name }: { name: string }) => name === 'WARMTERM_MAX_PROCESSES').value, '4000000');
});

const contradictions: [values: object, said: string, kubeVersion?: string][] = [
  [{ pools: [{ name: 'a' }, { name: 'a' }] }, 'pools: the name "a" is used twice'],
  [{ pools: [{ name: 'a', min: 5, max: 3 }] }, 'pools: "a" has min: 5 above max: 3'],
  [{ poolDefaults: { spare: '10001' } }, 'pools: "default": spare: 10001 must be a number from 0 to 10000'],
  [{ poolDefaults: { max: '99999' } }, 'max: 99999 must be a number from 0 to 10000'],
  [{ poolDefaults: { claimsPerMinute: '10001' } }, 'claimsPerMinute: 10001 must be a number from 1 to 10000'],
  [{ poolDefaults: { maxWaiting: '5001' } }, 'maxWaiting: 5001 must be a number from 0 to 5000'],
  [{ poolDefaults: { maxProcesses: '49' } }, 'maxProcesses: 49 must be a number from 50 to 4000000'],
  [{ poolDefaults: { beforeExitSeconds: '0' } }, 'beforeExitSeconds: 0 must be a number from 1 to 3600'],
  [{ poolDefaults: { min: '9', max: '10' }, pools: [{ name: 'a', max: 5 }] }, 'pools: "a" has min: 9 above max: 5'],
  [{ poolDefaults: { idleTimeout: '8d' } }, 'pools: "default": idleTimeout: 8d must be a duration from 1s to 7d'],
  [{ poolDefaults: { maxLifetime: '999ms' } }, 'maxLifetime: 999ms must be'],
  [{ poolDefaults: { connectTimeout: '61m' } }, 'connectTimeout: 61m must be'],
  [{ poolDefaults: { scaleDownDelay: '0s' } }, 'scaleDownDelay: 0s must be'],
  [{ poolDefaults: { startTimeout: '61m' } }, 'startTimeout: 61m must be'],
  [{ poolDefaults: { silenceTimeout: '29s' } }, 'silenceTimeout: 29s must be'],
  [{ poolDefaults: { runGrace: '4s' } }, 'runGrace: 4s must be'],
  [{ poolDefaults: { runLinger: '8d' } }, 'runLinger: 8d must be'],
  [{ poolDefaults: { idleWarning: '25h' } }, 'idleWarning: 25h must be'],
  [{ manager: { claimTimeout: '61s' } }, 'manager: claimTimeout: 61s must be a duration from 100ms to 60s'],
  [{ manager: { apiTimeout: '99ms' } }, 'manager: apiTimeout: 99ms must be'],
  [{ webserver: { requestTimeout: '3m' } }, 'webserver: requestTimeout: 3m must be'],
  [{ pools: [{ name: 'a', root: true, hostUsers: true }] }, 'pools: "a" has root: true and hostUsers: true'],
  [
    { poolDefaults: { root: true, readOnlyRootFilesystem: true } },
    'pools: "default" has root: true and readOnlyRootFilesystem: true',
  ],
  [{ poolDefaults: { root: true } }, 'pools: "default" has root: true, which needs Kubernetes 1.33', '1.32.9'],
  [{ webserver: { pool: 'other' } }, 'webserver.pool: there is no pool of the name "other"'],
  [{ webserver: { identity: 'header', trustProxy: '10.0.0.0/8' } }, 'header needs webserver.identityHeader'],
  [{ webserver: { identity: 'header', identityHeader: 'X-User' } }, 'needs the addresses or subnets of the proxies'],
  [
    { webserver: { identity: 'header', identityHeader: 'X-User', trustProxy: 1 } },
    'needs the addresses or subnets of the proxies',
  ],
  [
    { webserver: { identity: 'header', identityHeader: 'X-User', trustProxy: 'loopback', address: 'page' } },
    'webserver.address must not be page',
  ],
  [{ webserver: { identity: 'address' } }, 'webserver.identity: address needs webserver.trustProxy'],
  [
    { webserver: { identity: 'address', trustProxy: 0, service: { externalTrafficPolicy: 'Cluster' } } },
    'webserver.identity: address needs webserver.service.externalTrafficPolicy: Local',
  ],
  [{ webserver: { identityHeader: 'X-User' } }, 'identityHeader is only valid with webserver.identity: header'],
  [{ webserver: { ingress: { enabled: true } } }, 'webserver.ingress.hosts must have a host'],
  [{ webserver: { httpRoute: { enabled: true } } }, 'webserver.httpRoute.parentRefs must name a Gateway'],
  [{ webserver: { autoscaling: { minReplicas: 9 } } }, 'webserver.autoscaling.minReplicas is above maxReplicas'],
  [{ metrics: { serviceMonitor: { enabled: true } } }, 'metrics.serviceMonitor.enabled needs metrics.enabled'],
  [{ metrics: { alerts: { enabled: true } } }, 'metrics.alerts.enabled needs metrics.enabled'],
  [{ metrics: { dashboard: { enabled: true } } }, 'metrics.dashboard.enabled needs metrics.enabled'],
];
for (const [values, said, kubeVersion] of contradictions) {
  test(`inv 10: ${JSON.stringify(values)} is refused`, async (t) => {
    const { refusal } = await render(values, kubeVersion);
    t.true(refusal.includes(said), refusal);
  });
}

function put(into: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner = (into[key] ?? {}) as Record<string, unknown>;
  into[key] = inner;
  put(inner, rest, value);
}
