import test from 'ava';
import { readConfig } from '../../../manager/config.ts';
import { readIpFamilies } from '../../../manager/exposure/ip-families.ts';

const required = { WARMTERM_SIGNING_KEY_FILE: 'key' };

test('IP families: sets only the configured fields of a Service', (t) => {
  const read = (settings: Record<string, string>) => readIpFamilies(readConfig({ ...required, ...settings }));
  t.deepEqual(read({}), {});
  t.deepEqual(read({ WARMTERM_IP_FAMILY_POLICY: 'SingleStack' }), { ipFamilyPolicy: 'SingleStack' });
  t.deepEqual(read({ WARMTERM_IP_FAMILIES: 'IPv6,IPv4' }), { ipFamilies: ['IPv6', 'IPv4'] });
});

test('inv 10: unknown IP families are refused', (t) => {
  const given = { ...required, WARMTERM_IP_FAMILY_POLICY: 'Both', WARMTERM_IP_FAMILIES: 'IPv4,IPv5' };
  const { message } = t.throws(() => readConfig(given));
  t.regex(message, /WARMTERM_IP_FAMILY_POLICY="Both": must be one of SingleStack, PreferDualStack, RequireDualStack/);
  t.regex(message, /WARMTERM_IP_FAMILIES="IPv4,IPv5": must be IPv4, IPv6 or both/);
});
