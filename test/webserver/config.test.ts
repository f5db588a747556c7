import test from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { readConfig } from '../../webserver/config.ts';

const required = {
  WARMTERM_MANAGER_URL: 'http://manager:8080',
  WARMTERM_MANAGER_TOKEN_FILE: '/var/run/secrets/token',
  WARMTERM_COOKIE_SECRET_FILE: '/etc/warmterm/cookie',
};

test('three settings are enough, the rest has defaults', (t) => {
  const config = readConfig(required);
  t.is(config.PORT, 5252);
  t.is(config.WARMTERM_IDENTITY, 'browser');
  t.deepEqual(config.WARMTERM_ADDRESS, { mode: 'manager' });
  t.is(config.WARMTERM_TRUST_PROXY, false);
  t.is(config.WARMTERM_REQUEST_TIMEOUT, 12_000);
  t.true(Object.isFrozen(config));
});

test('inv 10: all wrong settings are told at once, each with its value', (t) => {
  const error = t.throws(
    () =>
      readConfig({
        WARMTERM_MANAGER_URL: 'manager',
        WARMTERM_IDENTITY: 'person',
        WARMTERM_ADDRESS: 'https://{nmae}.example.org',
        WARMTERM_TRUST_PROXY: 'true',
        WARMTERM_REQUEST_TIMEOUT: '12',
        WARMTERM_COOKIES: 'yes',
      }),
    { instanceOf: ServiceError },
  );
  t.is(error.code, 'invalid-config');
  for (const part of [
    'WARMTERM_MANAGER_URL="manager": must be an http or https URL',
    'WARMTERM_MANAGER_TOKEN_FILE is not set',
    'WARMTERM_COOKIE_SECRET_FILE is not set',
    'WARMTERM_IDENTITY="person": must be one of browser, tab, address',
    '{nmae} is no placeholder',
    'WARMTERM_TRUST_PROXY="true": must be false, a number of proxies, or subnets',
    'WARMTERM_REQUEST_TIMEOUT="12": must be a duration',
    'WARMTERM_COOKIES: there is no such setting',
  ]) {
    t.true(error.message.includes(part), `${part}\nis not in\n${error.message}`);
  }
});

const trusts = test.macro({
  exec(t, text: string, expected: unknown) {
    t.deepEqual(readConfig({ ...required, WARMTERM_TRUST_PROXY: text }).WARMTERM_TRUST_PROXY, expected);
  },
  title: (_, text) => `WARMTERM_TRUST_PROXY=${text} is understood`,
});
test(trusts, 'false', false);
test(trusts, '2', 2);
test(trusts, 'loopback, 10.0.0.0/8,2001:db8::/32', ['loopback', '10.0.0.0/8', '2001:db8::/32']);

for (const text of ['10.0.0.0/33', 'proxy.example.org', '', '10.0.0.0/8/8']) {
  test(`WARMTERM_TRUST_PROXY=${text} is refused`, (t) => {
    t.throws(() => readConfig({ ...required, WARMTERM_TRUST_PROXY: text }), { message: /WARMTERM_TRUST_PROXY/ });
  });
}
