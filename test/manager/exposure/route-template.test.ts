import test from 'ava';
import { fillRoute, parseRouteTemplate, says } from '../../../manager/exposure/route-template.ts';
import { httpRouteTemplate, ingressTemplate, templateOf } from '../../helpers/route-templates.ts';

const target = { name: 'python-12', pool: 'python', ordinal: 12 };

test('route template: fills in an Ingress, and labels it with its pool and template', (t) => {
  const template = templateOf(ingressTemplate);
  t.deepEqual(fillRoute(template, target), {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'python-12',
      labels: { 'warmterm.dev/pool': 'python' },
      annotations: {
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
        'warmterm.dev/route-template': template.hash,
      },
    },
    spec: {
      rules: [
        {
          host: 'python-12.terminals.test',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'python-12', port: { name: 'terminal' } } },
              },
            ],
          },
        },
      ],
      tls: [{ hosts: ['python-12.terminals.test'], secretName: 'terminals' }],
    },
  });
});

test('route template: fills in an HTTPRoute; numbers stay numbers; pool and ordinal form a host', (t) => {
  const { spec } = fillRoute(templateOf(httpRouteTemplate, 'https'), target);
  t.deepEqual(spec, {
    parentRefs: [{ name: 'gateway', namespace: 'edge' }],
    hostnames: ['12.python.terminals.test'],
    rules: [{ backendRefs: [{ name: 'python-12', port: 80 }] }],
  });
});

test('route template: an Ingress with tls means HTTPS, an HTTPRoute needs the setting', (t) => {
  const { tls, ...plain } = ingressTemplate.spec;
  t.is(templateOf(ingressTemplate).protocol, 'https');
  t.is(templateOf({ ...ingressTemplate, spec: plain }).protocol, 'http');
  t.is(templateOf({ ...ingressTemplate, spec: { ...plain, tls: [] } }).protocol, 'http');
  // A load balancer in front may terminate TLS.
  t.is(templateOf({ ...ingressTemplate, spec: plain }, 'https').protocol, 'https');
  t.is(templateOf(httpRouteTemplate, 'http').protocol, 'http');
  t.regex(String(parseRouteTemplate(JSON.stringify(httpRouteTemplate))), /WARMTERM_ROUTE_PROTOCOL must/);
});

test('route template: any difference changes the hash', (t) => {
  const { tls, ...plain } = ingressTemplate.spec;
  t.is(templateOf(ingressTemplate).hash, templateOf(structuredClone(ingressTemplate)).hash);
  t.not(templateOf(ingressTemplate).hash, templateOf({ ...ingressTemplate, spec: plain }).hash);
});

const [rule] = ingressTemplate.spec.rules;
const withHost = (host: string) => ({ ...ingressTemplate, spec: { rules: [{ ...rule, host }] } });
const withBackend = (service: object) => ({
  ...ingressTemplate,
  spec: { rules: [{ ...rule, http: { paths: [{ pathType: 'Prefix', path: '/', backend: { service } }] } }] },
});

const refused = test.macro({
  exec(t, template: unknown, ...expected: RegExp[]) {
    const problems = parseRouteTemplate(typeof template === 'string' ? template : JSON.stringify(template), 'https');
    if (!Array.isArray(problems)) return t.fail('it was taken');
    t.is(problems.length, expected.length, problems.join('\n'));
    for (const [index, pattern] of expected.entries()) t.regex(problems[index]!, pattern);
  },
  title: (what) => `inv 10: refused with all its problems: ${what}`,
});

test('text that is not JSON', refused, 'kind: Ingress', /^is not JSON$/);
test('null', refused, 'null', /^kind: must be Ingress or HTTPRoute/);
test('another kind', refused, { kind: 'Service' }, /^kind: must be Ingress or HTTPRoute, and is "Service"$/);
test(
  'another version, a name of its own, no spec',
  refused,
  { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1beta1', metadata: { name: 'x' } },
  /^apiVersion: .*networking.k8s.io\/v1/,
  /^metadata: .*name/,
  /^spec: /,
);
test('no host', refused, { ...ingressTemplate, spec: { rules: [{ http: rule!.http }] } }, /^spec.rules.0.host: /);
test('no rule', refused, { ...ingressTemplate, spec: { rules: [] } }, /^spec.rules: /);
test('one host for all', refused, withHost('terminals.test'), /^host terminals.test: must have \{name\}/);
test('one host for each ordinal of all pools', refused, withHost('{ordinal}.terminals.test'), /must have \{name\}/);
test('a wildcard', refused, withHost('*.{name}.terminals.test'), /is no host name/);
test('capitals', refused, withHost('{name}.Terminals.test'), /is no host name/);
test(
  'an unknown placeholder, and a backend elsewhere',
  refused,
  {
    ...withBackend({ name: 'webserver', port: { number: 80 } }),
    metadata: { annotations: { 'example.org/pod': 'the {pod} of {pool}' } },
  },
  /^metadata.annotations.example.org\/pod: \{pod\} is no placeholder: there are \{name\}, \{pool\}/,
  /^backend: none leads to the Service \{service\}$/,
);
test(
  'a port that the Service has not',
  refused,
  withBackend({ name: '{service}', port: { number: 3000 } }),
  /the port of the Service \{service\} is 80/,
);
test(
  'an HTTPRoute without a Gateway, a host and a backend',
  refused,
  { ...httpRouteTemplate, spec: { parentRefs: [], hostnames: [], rules: [{ backendRefs: [{ name: '{service}' }] }] } },
  /^spec.parentRefs: /,
  /^spec.hostnames: /,
  /^spec.rules.0.backendRefs.0.port: /,
);

test('route template: ignores what a cluster adds to a route, and detects removals and changes', (t) => {
  const wanted = { a: { b: [{ c: 1 }, 'x'] }, d: 'y' };
  t.true(says({ ...wanted, status: {} }, wanted));
  t.true(says({ a: { b: [{ c: 1, weight: 1 }, 'x'], z: 0 }, d: 'y' }, wanted));
  t.false(says({ ...wanted, d: 'z' }, wanted));
  t.false(says({ a: { b: [{ c: 1 }, 'x', 'more'] }, d: 'y' }, wanted));
  t.false(says({ a: { b: { 0: { c: 1 }, 1: 'x', length: 2 } }, d: 'y' }, wanted));
  t.false(says({ d: 'y' }, wanted));
  t.false(says(undefined, wanted));
});
