import test from 'ava';
import { pino } from 'pino';
import { watchAddresses } from '../../../webserver/identity/address-visibility.ts';

type Seen = { peer?: string; ip?: string; forwarded?: boolean };

function start({ areVisitors = false } = {}) {
  const logged: string[] = [];
  const visibility = watchAddresses(pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }), {
    areVisitors,
  });
  let visitors = 0;
  const visit = ({ peer = '10.0.0.1', ip = peer, forwarded = false }: Seen = {}, visitor = `visitor-${visitors++}`) => {
    const get = (name: string) => (forwarded && name === 'x-forwarded-for' ? '203.0.113.7' : undefined);
    visibility.observe({ ip, socket: { remoteAddress: peer }, get } as never, visitor);
  };
  return { ...visibility, visit, logged };
}

test('address-visibility: reports an untrusted forwarding proxy once', (t) => {
  const { visit, problem, logged } = start();
  for (let count = 0; count < 2; count++) visit({ forwarded: true });
  t.is(problem(), undefined);
  for (let count = 0; count < 9; count++) visit({ peer: '::ffff:10.0.0.1', forwarded: true });
  t.regex(problem() ?? '', /behind 10\.0\.0\.1 .*trustProxy/);
  t.is(logged.length, 1);
});

test('address-visibility: with identity address, reports the first untrusted forwarded request once', (t) => {
  const { visit, problem, logged } = start({ areVisitors: true });
  visit();
  visit({ peer: '10.0.0.9', ip: '203.0.113.7', forwarded: true });
  t.is(problem(), undefined);
  for (let count = 0; count < 3; count++) visit({ peer: '198.51.100.2', forwarded: true });
  t.regex(problem() ?? '', /behind 198\.51\.100\.2 share one terminal.*trustProxy/);
  t.is(logged.length, 1);
});

test('address-visibility: accepts a trusted proxy', (t) => {
  const { visit, problem } = start();
  for (let count = 0; count < 20; count++) visit({ ip: `203.0.113.${count}`, forwarded: true });
  t.is(problem(), undefined);
});

test('address-visibility: ignores forwarding headers from a public address', (t) => {
  const { visit, problem } = start();
  for (let count = 0; count < 20; count++) visit({ peer: '203.0.113.7', forwarded: true });
  t.is(problem(), undefined);
});

test('address-visibility: reports ten visitors from three private addresses', (t) => {
  const { visit, problem } = start();
  for (let count = 0; count < 9; count++) visit({ peer: `192.168.0.${count % 3}` });
  t.is(problem(), undefined);
  visit({ peer: '192.168.0.1' });
  t.regex(problem() ?? '', /from 192\.168\.0\.0, 192\.168\.0\.1, 192\.168\.0\.2.*externalTrafficPolicy: Local/);
});

for (const [what, visits] of Object.entries<Seen[]>({
  'one visitor who comes back': Array.from({ length: 20 }, () => ({})),
  'four private addresses': Array.from({ length: 20 }, (_, index) => ({ peer: `10.0.0.${index % 4}` })),
  'a public address among them': Array.from({ length: 20 }, (_, index) => ({
    peer: index ? '10.0.0.1' : '2001:db8::1',
  })),
  'the machine itself': Array.from({ length: 20 }, () => ({ peer: '127.0.0.1' })),
})) {
  test(`address-visibility: ${what}: no problem`, (t) => {
    const { visit, problem, logged } = start();
    for (const one of visits) visit(one, what.startsWith('one') ? 'ann' : undefined);
    t.is(problem(), undefined);
    t.deepEqual(logged, []);
  });
}
