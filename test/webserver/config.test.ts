import test from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { readConfig } from '../../webserver/config.ts';

const required = {
  WARMTERM_MANAGER_URL: 'http://manager:8080',
  WARMTERM_MANAGER_TOKEN_FILE: '/var/run/secrets/token',
  WARMTERM_VISITOR_SECRET_FILE: '/etc/warmterm/visitor-secret',
};

test('config: three settings are required, the others have defaults', (t) => {
  const config = readConfig(required);
  t.is(config.PORT, 5252);
  t.is(config.WARMTERM_IDENTITY, 'browser');
  t.deepEqual(config.WARMTERM_ADDRESS, { mode: 'manager' });
  t.is(config.WARMTERM_TRUST_PROXY, false);
  t.is(config.WARMTERM_REQUEST_TIMEOUT, 12_000);
  t.true(Object.isFrozen(config));
});

test('inv 10: config: reports all invalid settings at once with their values', (t) => {
  const error = t.throws(
    () =>
      readConfig({
        WARMTERM_MANAGER_URL: 'manager',
        WARMTERM_IDENTITY: 'person',
        WARMTERM_ADDRESS: 'https://{nmae}.example.org',
        WARMTERM_TRUST_PROXY: 'true',
        WARMTERM_REQUEST_TIMEOUT: '12',
        WARMTERM_COOKIE: 'yes',
      }),
    { instanceOf: ServiceError },
  );
  t.is(error.code, 'invalid-config');
  for (const part of [
    'WARMTERM_MANAGER_URL="manager": must be an http or https URL',
    'WARMTERM_MANAGER_TOKEN_FILE is not set',
    'WARMTERM_VISITOR_SECRET_FILE is not set',
    'WARMTERM_IDENTITY="person": must be one of browser, tab, address, header',
    '{nmae} is not a placeholder',
    'WARMTERM_TRUST_PROXY="true": must be false, a number of proxies, 0 for none, or subnets',
    'WARMTERM_REQUEST_TIMEOUT="12": must be a duration',
    'WARMTERM_COOKIE: there is no such setting; check the spelling',
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
test(trusts, '0', 0);
test(trusts, 'loopback, 10.0.0.0/8,2001:db8::/32', ['loopback', '10.0.0.0/8', '2001:db8::/32']);

for (const text of ['10.0.0.0/33', 'proxy.example.org', '', '10.0.0.0/8/8']) {
  test(`WARMTERM_TRUST_PROXY=${text} is refused`, (t) => {
    t.throws(() => readConfig({ ...required, WARMTERM_TRUST_PROXY: text }), { message: /WARMTERM_TRUST_PROXY/ });
  });
}

test('inv 10: config: WARMTERM_IDENTITY=address requires WARMTERM_TRUST_PROXY', (t) => {
  const byAddress = { ...required, WARMTERM_IDENTITY: 'address' };
  for (const trust of [undefined, 'false']) {
    t.throws(() => readConfig({ ...byAddress, WARMTERM_TRUST_PROXY: trust }), { message: /must say which proxies/ });
  }
  for (const trust of ['0', '1', '10.0.0.0/8']) {
    t.notThrows(() => readConfig({ ...byAddress, WARMTERM_TRUST_PROXY: trust }), trust);
  }
});

const signedIn = {
  WARMTERM_IDENTITY: 'header',
  WARMTERM_IDENTITY_HEADER: 'X-Forwarded-User',
  WARMTERM_TRUST_PROXY: '10.0.0.0/8',
};

test('config: WARMTERM_IDENTITY=header needs a header name and the addresses of the proxies', (t) => {
  t.is(readConfig({ ...required, ...signedIn }).WARMTERM_IDENTITY_HEADER, 'X-Forwarded-User');
});

const conflicts: [Record<string, string | undefined>, RegExp][] = [
  [{ WARMTERM_TRUST_PROXY: undefined }, /WARMTERM_TRUST_PROXY must list the addresses/],
  [{ WARMTERM_TRUST_PROXY: 'false' }, /WARMTERM_TRUST_PROXY must list the addresses/],
  // Any client would count as the last proxy.
  [{ WARMTERM_TRUST_PROXY: '1' }, /WARMTERM_TRUST_PROXY must list the addresses/],
  [{ WARMTERM_IDENTITY_HEADER: undefined }, /WARMTERM_IDENTITY_HEADER must name the header/],
  [{ WARMTERM_IDENTITY_HEADER: 'X User' }, /WARMTERM_IDENTITY_HEADER="X User": must be the name of a header/],
  [{ WARMTERM_ADDRESS: 'page' }, /WARMTERM_ADDRESS must not be page/],
  [{ WARMTERM_IDENTITY: 'browser' }, /WARMTERM_IDENTITY_HEADER is only valid with WARMTERM_IDENTITY=header/],
];
for (const [change, message] of conflicts) {
  test(`inv 10: WARMTERM_IDENTITY=header is refused with ${Object.entries(change).flat().join('=')}`, (t) => {
    t.throws(() => readConfig({ ...required, ...signedIn, ...change }), { message });
  });
}

for (const [text, expected] of [
  ['none', []],
  ['self', ["'self'"]],
  [
    'self, https://school.example.org:8443,http://*.example.edu',
    ["'self'", 'https://school.example.org:8443', 'http://*.example.edu'],
  ],
] as const) {
  test(`WARMTERM_FRAME_ANCESTORS=${text} is understood`, (t) => {
    t.deepEqual(readConfig({ ...required, WARMTERM_FRAME_ANCESTORS: text }).WARMTERM_FRAME_ANCESTORS, [...expected]);
  });
}

for (const text of [
  '',
  '*',
  'https://*',
  "'self'",
  'https:',
  'school.example.org',
  'https://a.org/x',
  'https://a.org; script-src *',
  'none,self',
]) {
  test(`inv 10: WARMTERM_FRAME_ANCESTORS=${text} is refused`, (t) => {
    t.throws(() => readConfig({ ...required, WARMTERM_FRAME_ANCESTORS: text }), {
      message: /WARMTERM_FRAME_ANCESTORS/,
    });
  });
}
