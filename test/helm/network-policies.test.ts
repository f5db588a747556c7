// The allowed connections of pods, by the NetworkPolicies that the real helm renders.

import { BlockList, isIPv6 } from 'node:net';
import anyTest from 'ava';
import { healthPortName, labels } from '../../common/names.ts';
import { helmProgram, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

type Peer = {
  podSelector?: { matchLabels: Record<string, string> };
  namespaceSelector?: unknown;
  ipBlock?: { cidr: string; except?: string[] };
};
type Rule = { to?: Peer[]; ports?: { port: number | string; protocol: string }[] };

/** The egress rules of a component. */
async function egress(component: string, values: object = {}): Promise<Rule[]> {
  const { objects, refusal } = await render(values);
  if (refusal) throw new Error(refusal);
  const policy = objects.find(
    ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === `warmterm-${component}`,
  );
  if (!policy?.spec.policyTypes.includes('Egress')) throw new Error(`${component} may connect to anything`);
  return policy.spec.egress;
}

const blocks = (rules: Rule[]) => rules.flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
const components = (rules: Rule[]) =>
  rules.flatMap(({ to = [], ports }) =>
    to.flatMap(({ podSelector }) => {
      const component = podSelector?.matchLabels['app.kubernetes.io/component'];
      return component ? [`${component} ${ports?.map(({ port }) => port)}`] : [];
    }),
  );

/** Whether egress rules allow an address. */
function reaches(rules: Rule[], address: string): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return blocks(rules).some(({ cidr, except = [] }) => {
    const list = (ranges: string[]) => {
      const blockList = new BlockList();
      for (const range of ranges.filter((range) => range.includes(':') === (family === 'ipv6'))) {
        const [net = '', prefix] = range.split('/');
        blockList.addSubnet(net, Number(prefix), family);
      }
      return blockList;
    };
    return list([cidr]).check(address, family) && !list(except).check(address, family);
  });
}

const internet = { networkPolicy: { internet: true, internetIPv6: true } };
const privateAddresses = {
  'this host': ['0.0.0.0', '127.0.0.1', '::', '::1'],
  'private networks': ['10.1.2.3', '172.16.0.1', '172.31.255.254', '192.168.1.1', 'fd00::1', 'fec0::1'],
  'carrier NAT': ['100.64.0.1', '100.127.255.254'],
  'metadata services': [
    '169.254.169.254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fd00:ec2::254',
    'fe80::a9fe:a9fe',
  ],
  'IPv4 addresses in IPv6': [
    '::10.1.2.3',
    '64:ff9b::10.1.2.3',
    '64:ff9b:1::a01:203',
    '2002:a01:203::1',
    '2001:0:a01:203::1',
  ],
  'benchmarks, multicast, reserved, broadcast': [
    '198.18.0.1',
    '224.0.0.1',
    '239.1.2.3',
    '240.0.0.1',
    '255.255.255.255',
    'ff02::1',
  ],
};
for (const [what, addresses] of Object.entries(privateAddresses)) {
  test(`inv 7: terminals with internet do not reach ${what}`, async (t) => {
    const rules = await egress('terminal', internet);
    t.deepEqual(
      addresses.filter((address) => reaches(rules, address)),
      [],
    );
  });
}

test('network policies: terminals reach public addresses only with internet: true', async (t) => {
  const addresses = [
    '1.1.1.1',
    '9.9.9.9',
    '168.63.129.17',
    '192.0.1.1',
    '223.255.255.1',
    '2606:4700::1111',
    '2001:4860::8888',
  ];
  const rules = await egress('terminal', internet);
  t.deepEqual(
    addresses.filter((address) => !reaches(rules, address)),
    [],
  );
  t.deepEqual(blocks(await egress('terminal')), []);
});

test('network policies: blocked ranges of the values are added to the chart’s, by IP version', async (t) => {
  const blockedRanges = ['203.0.113.0/24', '2606:4700::/32'];
  const rules = await egress('terminal', { networkPolicy: { ...internet.networkPolicy, blockedRanges } });
  for (const address of ['203.0.113.5', '10.0.0.1', '2606:4700::1111', 'fd00::1'])
    t.false(reaches(rules, address), address);
  for (const address of ['203.0.114.5', '2001:4860::8888']) t.true(reaches(rules, address), address);
  for (const { cidr, except } of blocks(rules)) {
    t.deepEqual(
      except?.filter((range) => range.includes(':') !== cidr.includes(':')),
      [],
    );
  }
});

test('network policies: DNS is allowed to the DNS pods only, not to their whole namespace', async (t) => {
  const dns = [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ];
  const local = { ipBlock: { cidr: '169.254.20.10/32' } };
  for (const component of ['terminal', 'webserver', 'manager']) {
    const [rule] = await egress(component);
    t.deepEqual(rule, {
      to: dns,
      ports: [
        { port: 53, protocol: 'UDP' },
        { port: 53, protocol: 'TCP' },
      ],
    });
    const values = { networkPolicy: { dnsAddresses: ['169.254.20.10/32'], dnsPorts: [5353] } };
    const [other] = await egress(component, values);
    t.deepEqual(other?.to, [...dns, local]);
    t.true(other?.ports?.every(({ port }) => port === 5353));
  }
});

test('network policies: webserver and manager connect only to DNS, each other and the Kubernetes API', async (t) => {
  const webserver = await egress('webserver');
  t.deepEqual(components(webserver), ['manager http', 'terminal terminal']);
  t.is(webserver.length, 3);
  t.deepEqual(components(await egress('webserver', { webserver: { relay: 'never' } })), ['manager http']);

  const manager = await egress('manager');
  t.deepEqual(components(manager), [`terminal ${healthPortName}`]);
  t.is(manager.length, 3);
  // No peer restriction: on some networks not even 0.0.0.0/0 matches an API server.
  const ports = [443, 6443].map((port) => ({ port, protocol: 'TCP' }));
  t.deepEqual(manager[2], { ports });
  const given = { apiServerPorts: [16443], apiServerAddresses: ['10.96.0.1/32', 'fd00::1/128'] };
  t.deepEqual((await egress('manager', { networkPolicy: given }))[2], {
    ports: [{ port: 16443, protocol: 'TCP' }],
    to: given.apiServerAddresses.map((cidr) => ({ ipBlock: { cidr } })),
  });
});

test('network policies: terminals do not admit the manager at the ports of the Kubernetes API', async (t) => {
  const { objects } = await render({});
  const { ingress } = objects.find(({ metadata }) => metadata.name === 'warmterm-terminal')!.spec;
  const ports = (ingress as Rule[]).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
  t.deepEqual(ports.toSorted(), [healthPortName, 'terminal']);
  const { podSelector } = objects.find(({ metadata }) => metadata.name === 'warmterm-terminal')!.spec;
  const template = objects.find(({ kind }) => kind === 'StatefulSet')!.spec.template.metadata.labels;
  t.like(template, podSelector.matchLabels);
  t.truthy(template[labels.pool]);
});

const ranges = ['203.0.113.0/24', '1.2.3.4/32', '2001:db8::/32', '::1/128', '1:2:3:4:5:6:7:8/128', 'fe80::/10'];
const noRanges = [
  '300.0.0.0/8',
  '10.0.0/8',
  '10.0.0.0/33',
  '0.0.0.0/0',
  '::/0',
  '1::2::3/64',
  '1:2:3/64',
  '1:2:3:4:5:6:7:8:9/64',
  'fe80::/129',
  '::ffff:0:0/96',
];
test('inv 10: network policies: accepts valid ranges', async (t) => {
  const values = { blockedRanges: ranges, dnsAddresses: ranges, apiServerAddresses: ranges };
  t.is((await render({ networkPolicy: { ...internet.networkPolicy, ...values } })).refusal, '');
});

test('inv 10: network policies: refuses invalid ranges by the name of the value', async (t) => {
  const refusal = async (value: string, range: string) => {
    const { refusal } = await render({ networkPolicy: { [value]: ['10.0.0.0/8', range] } });
    t.true(refusal.includes(`networkPolicy.${value}: "${range}" is not a range of addresses`), `${range}\n${refusal}`);
  };
  for (const range of noRanges) await refusal('blockedRanges', range);
  await refusal('dnsAddresses', noRanges[0]!);
  await refusal('apiServerAddresses', noRanges[0]!);
});
