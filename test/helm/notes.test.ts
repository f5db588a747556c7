// The warnings that `helm install` prints at its end.

import anyTest from 'ava';
import { chart, helmProgram, renderNotes, renderText } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

const page = (host: string) => ({ ingress: { enabled: true, hosts: [host] } });
const terminals = (host: string) => ({ exposure: 'ingress', ingress: { host } });
const shared = (notes: string) => /page and terminals share the domain (\S+)\. /.exec(notes)?.[1];

const domains: [page: string, terminals: string, shared: string][] = [
  ['shell.example.org', '{name}.terminals.example.org', 'example.org'],
  ['shell.example.org', '{name}.shell.example.org', 'shell.example.org'],
  ['example.org', '{name}.example.org', 'example.org'],
  ['a.b.example.org', '{pool}-{ordinal}.b.example.org', 'b.example.org'],
  ['shell.example.co.uk', '{name}.example.co.uk', 'example.co.uk'],
  ['shell.example.org', '{name}.example-terminals.net', ''],
  ['shell.example.org', '{name}.terminals.org', ''],
  ['shell.example.org', '{name}.other-example.org', ''],
  ['shell.example.co.uk', '{name}.terminals.co.uk', ''],
];
test('notes: finds the domain that page and terminals share', async (t) => {
  const calls = domains.map(
    ([page, terminal]) => `{{ include "warmterm.sharedDomain" (list (list "${page}") "${terminal}") }}`,
  );
  const found = (await renderText(calls.join('\n'))).split('\n');
  for (const [index, [page, terminal, expected]] of domains.entries()) {
    t.is(found[index], expected, `page at ${page}, terminals at ${terminal}`);
  }
});

test('notes: finds a shared domain also by the hosts of a Gateway and by an address template', async (t) => {
  const httpRoute = { enabled: true, parentRefs: [{ name: 'a' }], hostnames: ['a.example.com', 'shell.example.org'] };
  const ingress = { kind: 'HTTPRoute', protocol: 'https', parentRefs: [{ name: 'a' }] };
  const host = '{name}.terminals.example.org';
  const routed = { webserver: { httpRoute }, terminals: { exposure: 'ingress', ingress: { ...ingress, host } } };
  t.is(shared(await renderNotes(routed)), 'example.org');
  t.is(shared(await renderNotes({ webserver: page('shell.example.org'), terminals: terminals(host) })), 'example.org');
  const address = 'https://{name}.terminals.example.org:{port}/';
  t.is(shared(await renderNotes({ webserver: { ...page('shell.example.org'), address } })), 'example.org');
  t.is(
    shared(await renderNotes({ webserver: { ...page('shell.example.org'), address: 'page' } })),
    'shell.example.org',
  );
  t.is(shared(await renderNotes({})), undefined);
});

test('no example of the chart shares a domain between page and terminals', async (t) => {
  t.is(shared(await renderNotes(`${chart}/examples/https-ingress.yaml`)), undefined);
});

test('notes: warns of a Service that bypasses a trusted proxy', async (t) => {
  const warning = /webserver\.service\.type is (NodePort|LoadBalancer), which bypasses the proxy/;
  const webserver = { ...page('shell.example.org'), trustProxy: 1 };
  t.notRegex(await renderNotes({ webserver }), warning);
  for (const type of ['NodePort', 'LoadBalancer']) {
    t.regex(await renderNotes({ webserver: { ...webserver, service: { type } } }), warning);
    t.notRegex(await renderNotes({ webserver: { ...webserver, trustProxy: false, service: { type } } }), warning);
  }
});

const none = { maxPerAddress: 'none', claimsPerMinute: 'none', maxWaitingPerAddress: 'none' };
const unseen = (notes: string) =>
  /WARNING: limits of addresses \(pool ([^)]+)\) see (one address|the address of a node)/.exec(notes);

for (const [what, values, expected] of [
  ['the defaults', {}, undefined],
  ['an Ingress and no trusted proxy', { webserver: page('shell.example.org') }, 'one address'],
  ['an Ingress that is trusted', { webserver: { ...page('shell.example.org'), trustProxy: '1' } }, undefined],
  ['an Ingress, and no limits', { webserver: page('shell.example.org'), poolDefaults: none }, undefined],
  [
    'a Service that hides addresses',
    { webserver: { service: { externalTrafficPolicy: 'Cluster' } } },
    'the address of a node',
  ],
  ['the example for HTTPS', `${chart}/examples/https-ingress.yaml`, undefined],
  ['the example for workshops', `${chart}/examples/workshop.yaml`, undefined],
] as [string, string | object, string | undefined][]) {
  test(`limits of addresses with ${what}: ${expected ? 'a warning' : 'none'}`, async (t) => {
    t.is(unseen(await renderNotes(values))?.[2], expected);
  });
}

test('notes: the warning about hidden addresses names the pools with limits', async (t) => {
  const pools = [{ name: 'open' }, { name: 'class', ...none }];
  t.is(unseen(await renderNotes({ webserver: page('shell.example.org'), pools }))?.[1], 'open');
});

test('notes: the page’s address is a node with a webserver if other nodes do not answer', async (t) => {
  t.regex(await renderNotes({}), /component=webserver .*hostIP/);
  t.regex(
    await renderNotes({ webserver: { service: { externalTrafficPolicy: 'Cluster' } } }),
    /get nodes .*InternalIP/,
  );
});

test('notes: one empty line between paragraphs', async (t) => {
  const webserver = { ...page('shell.example.org'), relay: 'always' };
  for (const values of [{}, { webserver }, { webserver, terminals: terminals('{name}.terminals.example.org') }]) {
    const notes = await renderNotes(values);
    t.notRegex(notes, /\n\n\n/);
    t.regex(notes, /\n\nTo list terminals/);
  }
});
