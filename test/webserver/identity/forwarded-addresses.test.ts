import test from 'ava';
import { claimRequestSchema } from '../../../common/manager-api.ts';
import { withoutPorts } from '../../../webserver/identity/forwarded-addresses.ts';
import { startWebserver } from '../../helpers/webserver-app.ts';
import { createVisitor } from '../../helpers/webserver-browser.ts';

for (const [forwarded, plain] of [
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:1234', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:1234', '2001:db8::1'],
  ['198.51.100.7:1,  192.0.2.1:2,10.0.0.1', '198.51.100.7, 192.0.2.1, 10.0.0.1'],
  ['unknown', 'unknown'],
  ['2001:db8::1:1234', '2001:db8::1:1234'],
] as const) {
  test(`X-Forwarded-For: ${forwarded}`, (t) => {
    t.is(withoutPorts(forwarded), plain);
  });
}

const claimFrom = (url: string, forwarded: string) =>
  createVisitor(url).send('POST', '/api/terminals', { body: {}, headers: { 'x-forwarded-for': forwarded } });

test('forwarded-addresses: ignores the port in X-Forwarded-For', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_TRUST_PROXY: '1' });
  for (const forwarded of ['192.0.2.1:1001', '192.0.2.1:1002', '192.0.2.1']) await claimFrom(url, forwarded);
  t.is(manager.requests.length, 3);
  t.is(new Set(manager.requests.map(({ body }) => claimRequestSchema.parse(body).address)).size, 1);
});

test('forwarded-addresses: recognises a trusted proxy in the chain despite its port', async (t) => {
  const { url, manager } = await startWebserver(t, {
    WARMTERM_IDENTITY: 'address',
    WARMTERM_TRUST_PROXY: 'loopback,10.0.0.0/8',
  });
  for (const forwarded of ['192.0.2.1:1001, 10.0.0.1:2001', '192.0.2.1:1002, 10.0.0.2:2002']) {
    await claimFrom(url, forwarded);
  }
  t.is(new Set(manager.requests.map(({ body }) => claimRequestSchema.parse(body).visitor)).size, 1);
});
