import test from 'ava';
import { parseAddressing } from '../../webserver/address.ts';
import { contentSecurityPolicy, socketSources } from '../../webserver/csp.ts';

const page = { protocol: 'http', hostname: 'shell.example.org' };

const allows = test.macro({
  exec(t, setting: string, expected: string, origin: Partial<typeof page> = {}) {
    const addressing = parseAddressing(setting);
    if (typeof addressing === 'string') return t.fail(addressing);
    t.is(socketSources(addressing, { ...page, ...origin }), expected);
  },
  title: (_, setting, expected, origin) => `${setting} allows ${expected} ${JSON.stringify(origin ?? {})}`,
});

test(allows, 'manager', 'ws: wss:');
test(allows, 'page', 'ws://shell.example.org:*');
test(allows, 'page', 'wss://shell.example.org:*', { protocol: 'https' });
test(allows, 'page', 'ws:', { hostname: '[::1]' });
test(allows, 'page', 'ws:', { hostname: "x; script-src 'unsafe-inline'" });
test(allows, 'https://{name}.term.example.org', 'wss://*.term.example.org');
test(allows, 'https://t-{ordinal}.term.example.org:8443', 'wss://*.term.example.org:8443');
test(allows, 'https://{name}.{pool}.example.org', 'wss://*.example.org');
test(allows, 'http://{host}:{port}', 'ws://*:*');
test(allows, 'https://gateway.example.org:{port}', 'wss://gateway.example.org:*');

test('csp: allows no inline script or style in any mode', (t) => {
  const policy = contentSecurityPolicy({ mode: 'manager' }, page, []);
  t.notRegex(policy, /unsafe|nonce|data:|blob:/);
  t.regex(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  t.regex(policy, /frame-ancestors 'none'/);
  t.regex(policy, /base-uri 'none'; form-action 'none'/);
});

test('csp: frame-ancestors lists the configured sites', (t) => {
  const policy = contentSecurityPolicy({ mode: 'manager' }, page, ["'self'", 'https://*.example.edu']);
  t.regex(policy, /; frame-ancestors 'self' https:\/\/\*\.example\.edu;/);
});
