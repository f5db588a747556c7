// The settings that `npm start` accepts: each setting of a service is passed on, or refused with a reason.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { readConfig } from '../../../local/config.ts';
import { findUnusable, notTaken, passedOn } from '../../../local/setup/settings.mjs';

const namesIn = (service: string): string[] => {
  const source = readFileSync(new URL(`../../../${service}/config.ts`, import.meta.url), 'utf8');
  return [...source.matchAll(/^ {2}(WARMTERM_\w+):/gm)].map((match) => match[1] ?? '');
};

test('settings: each is passed on to a service, belongs to npm start, or is refused with a reason', (t) => {
  const own = namesIn('local');
  t.true(own.length >= 4);
  t.is(findUnusable(Object.fromEntries(own.map((name) => [name, '']))), undefined);
  for (const [service, passed] of Object.entries(passedOn)) {
    const names = namesIn(service);
    t.true(names.length > 8, service);
    for (const name of names) t.true(passed.includes(name) || own.includes(name) || notTaken.has(name), name);
    for (const name of passed) t.true(names.includes(name), `${service} has no ${name}`);
  }
});

test('inv 10: settings: refused ones are named with the reason and the accepted ones', (t) => {
  const env = {
    PATH: '/bin',
    WARMTERM_RELAY: 'always',
    WARMTERM_POOL: 'x',
    WARMTERM_RELAYS: 'x',
    WARMTERM_NO_INSTALL: '1',
  };
  const lines = findUnusable(env)?.split('\n') ?? [];
  t.is(lines.length, 4);
  t.regex(lines[1]!, /WARMTERM_POOL: npm start has one pool/);
  t.regex(lines[2]!, /WARMTERM_RELAYS: there is no such setting/);
  t.regex(lines[3]!, /It accepts .*WARMTERM_RELAY, /);
  t.is(findUnusable({ PATH: '/bin', WARMTERM_RELAY: 'always' }), undefined);
});

test('settings: passed on unchanged to the service that has them', (t) => {
  const { services, WARMTERM_MAX } = readConfig({
    WARMTERM_MAX: '5',
    WARMTERM_RELAY: 'always',
    WARMTERM_CLAIM_TIMEOUT: '5s',
    WARMTERM_SHELL: '/bin/sh',
  });
  t.is(WARMTERM_MAX, 5);
  t.deepEqual(services, {
    webserver: { WARMTERM_RELAY: 'always' },
    manager: { WARMTERM_CLAIM_TIMEOUT: '5s' },
    terminal: { WARMTERM_SHELL: '/bin/sh' },
  });
});
