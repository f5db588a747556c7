// The host names that a server accepts.

import test from 'ava';
import { createHostCheck, isHostPattern } from '../../common/http/host-names.ts';

const accepted = (check: (host: string) => boolean, hosts: string[]) => hosts.filter(check);

test('host-names: on a loopback address, accepts loopback names only', (t) => {
  const good = [
    'localhost',
    'LOCALHOST:5252',
    'localhost.',
    '127.0.0.1:5252',
    '127.8.9.1',
    '[::1]:5252',
    'x.localhost:1',
  ];
  const bad = [
    ...[
      'evil.example:5252',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil-localhost',
      '10.0.0.1',
      '0.0.0.0',
    ],
    ...['', '[::2]', 'localhost:x', 'a@localhost', 'localhost/x', '.localhost', 'localhost localhost', '1.127.0.0.1'],
  ];
  for (const address of ['127.0.0.1', '::1', 'localhost', '127.1.2.3']) {
    const check = createHostCheck(address, undefined);
    t.deepEqual(accepted(check, [...good, ...bad]), good, address);
    t.false(check(undefined));
  }
});

test('host-names: elsewhere, accepts any name without a list', (t) => {
  const check = createHostCheck('0.0.0.0', undefined);
  t.true(check('evil.example'));
  t.true(check(undefined));
  t.true(createHostCheck(undefined, undefined)('evil.example'));
});

test('host-names: a list matches names, addresses and *.NAME', (t) => {
  const check = createHostCheck('0.0.0.0', ['shell.example.org', '*.Lab.example', '192.0.2.7', '[2001:db8::1]']);
  const good = ['shell.example.org', 'Shell.Example.org:8443', 'a.lab.example', 'a.b.lab.example', '192.0.2.7:80'];
  const bad = ['example.org', 'x.shell.example.org', 'lab.example', '.lab.example', 'xlab.example', 'localhost'];
  t.deepEqual(accepted(check, [...good, '[2001:DB8::1]:80', ...bad]), [...good, '[2001:DB8::1]:80']);
});

test('host-names: on a loopback address, a list adds to the loopback names', (t) => {
  const check = createHostCheck('127.0.0.1', ['dev.example']);
  t.deepEqual(accepted(check, ['dev.example:1', 'localhost', 'evil.example']), ['dev.example:1', 'localhost']);
});

test('host-names: a pattern is a name, *.NAME or an address, without a port', (t) => {
  t.deepEqual(
    ['shell.example.org', '*.example.org', '192.0.2.7', '[::1]'].filter((text) => !isHostPattern(text)),
    [],
  );
  t.deepEqual(['*', 'http://a', 'a:80', '*.*.a', 'a/b', '-', '', 'a b', '::1'].filter(isHostPattern), []);
});
