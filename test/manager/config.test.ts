import test from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { readConfig } from '../../manager/config.ts';

test('config: only the location of the signing key is required', (t) => {
  const config = readConfig({ WARMTERM_SIGNING_KEY_FILE: '/key', PATH: '/bin' });
  t.like(config, { PORT: 5253, WARMTERM_CLIENTS: ['warmterm-webserver'], WARMTERM_CLAIM_TIMEOUT: 10_000 });
  t.true(Object.isFrozen(config));
});

test('inv 10: config: reports all wrong, missing and unknown settings at once', (t) => {
  const error = t.throws(
    () =>
      readConfig({
        PORT: '70000',
        LOG_LEVEL: 'loud',
        WARMTERM_CLAIM_TIMEOUT: '10',
        WARMTERM_CLIENTS: 'a,,b',
        WARMTERM_CLAIM_TIMOUT: '10s',
      }),
    { instanceOf: ServiceError, code: 'invalid-config' },
  );
  t.deepEqual(error?.message.split('\n'), [
    'PORT="70000": must be a whole number from 0 to 65535',
    'LOG_LEVEL="loud": must be one of fatal, error, warn, info, debug, trace, silent',
    'WARMTERM_CLIENTS="a,,b": must be a comma-separated list of words',
    'WARMTERM_CLAIM_TIMEOUT="10": must be a duration between 100ms and 1m, such as 30s or 15m',
    'WARMTERM_CLAIM_TIMOUT: there is no such setting; check the spelling',
  ]);
});

test('inv 10: config: takes the signing key from a file or a Secret, not from both', (t) => {
  t.like(readConfig({ WARMTERM_KEYS_SECRET: 'keys' }), { WARMTERM_KEYS_SECRET: 'keys' });
  for (const both of [{}, { WARMTERM_KEYS_SECRET: 'keys', WARMTERM_SIGNING_KEY_FILE: '/key' }]) {
    t.throws(() => readConfig(both), { code: 'invalid-config', message: /exactly one of them must be set/ });
  }
});
