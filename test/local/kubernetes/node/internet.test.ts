// The rules for the addresses that terminals of `npm start` may reach.

import type { NetworkInterfaceInfo } from 'node:os';
import test from 'ava';
import { routingRules } from '../../../../local/kubernetes/node/internet.ts';

const at = (family: 'IPv4' | 'IPv6', cidr: string) => ({ family, cidr }) as NetworkInterfaceInfo;

test('internet: private ranges, metadata and own networks are refused by rule and policy', (t) => {
  const lines = routingRules({
    lo: [at('IPv4', '127.0.0.1/8'), at('IPv6', '::1/128')],
    eth0: [at('IPv4', '8.8.4.4/20'), at('IPv6', 'fd00::2/64')],
  }).split('\n');
  const ranges = [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '169.254.0.0/16',
    '168.63.129.16/32',
  ];
  for (const range of [...ranges, '8.8.4.4/20']) {
    t.true(lines.includes(`rule add pref 20 to ${range} prohibit`), range);
    t.true(lines.includes(`xfrm policy add dst ${range} dir out priority 20 action block`), range);
  }
  t.deepEqual(
    lines.filter((line) => line.includes('127.')),
    [],
  );
});

test('internet: only DNS of the name server is allowed', (t) => {
  const allowed = routingRules({})
    .split('\n')
    .filter((line) => /lookup|allow/.test(line) && !line.includes('10.0.2.2 oif tap0'));
  t.is(allowed.length, 4);
  for (const line of allowed) t.regex(line, /10\.0\.2\.3.* (ipproto|proto) (udp|tcp) dport 53 /);
});
