import test from 'ava';
import type { Address } from '../../common/manager-api.ts';
import { parseAddressing, terminalUrl } from '../../webserver/address.ts';

const terminal = {
  name: 'workshop-12',
  pool: 'workshop',
  address: { protocol: 'http', host: '192.0.2.7', port: 30_123 } as Address,
};
const page = { hostname: 'shell.example.org' };

const written = test.macro({
  exec(t, setting: string, expected: string, options: { address?: Partial<Address>; hostname?: string } = {}) {
    const addressing = parseAddressing(setting);
    if (typeof addressing === 'string') return t.fail(addressing);
    const { hostname = page.hostname } = options;
    const address = { ...terminal.address, ...options.address };
    t.is(terminalUrl(addressing, { ...terminal, address }, { ...page, hostname }), expected);
  },
  title: (_, setting, expected) => `${setting} gives ${expected}`,
});

test(written, 'manager', 'http://192.0.2.7:30123');
test(written, 'manager', 'http://[2001:db8::7]:30123', { address: { host: '2001:db8::7' } });
const routed = { protocol: 'https' as const, host: 'workshop-12.term.example.org', port: 443 };
test(written, 'manager', 'https://workshop-12.term.example.org', { address: routed });
test(written, 'manager', 'http://workshop-12.term.example.org', { address: { ...routed, protocol: 'http', port: 80 } });
test(written, 'manager', 'https://workshop-12.term.example.org:8443', { address: { ...routed, port: 8443 } });
test(written, 'page', 'http://shell.example.org:30123');
test(written, 'page', 'http://[::1]:30123', { hostname: '[::1]' });
test(written, 'page', 'https://shell.example.org:30123', { address: { protocol: 'https' } });
test(written, 'https://{name}.term.example.org', 'https://workshop-12.term.example.org');
test(written, 'https://{ordinal}.{pool}.example.org:8443', 'https://12.workshop.example.org:8443');
test(written, 'http://{host}:{port}', 'http://192.0.2.7:30123');
test(written, 'http://{host}:{port}', 'http://[2001:db8::7]:30123', { address: { host: '2001:db8::7' } });

const refused = test.macro({
  exec(t, setting: string, reason: RegExp) {
    const addressing = parseAddressing(setting);
    t.is(typeof addressing, 'string');
    t.regex(String(addressing), reason);
  },
  title: (_, setting) => `${setting} is refused`,
});

test(refused, 'https://{pod}.example.org', /\{pod\} is not a placeholder/);
test(refused, '{name}.example.org', /must be manager, page, or a template/);
test(refused, 'ftp://{host}', /must be manager, page, or a template/);
test(refused, 'https://example.org/{name}', /must be an origin/);
test(refused, 'https://{name}.example.org/', /must be an origin/);
test(refused, 'nodes', /must be manager, page, or a template/);
