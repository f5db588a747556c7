import test from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { readConfig } from '../../terminal/config.ts';

const needed = {
  WARMTERM_POD_NAME: 'pod-0',
  WARMTERM_POD_UID: 'uid',
  WARMTERM_MANAGER_URL: 'http://manager:8080/',
  WARMTERM_MANAGER_TOKEN_FILE: '/token',
};

test('config: fills in defaults', (t) => {
  t.like(readConfig(needed), {
    port: 3000,
    managerUrl: 'http://manager:8080',
    idleTimeoutMs: 900_000,
    idleWarningMs: 60_000,
    activity: 'input',
    beforeExitTimeoutMs: 20_000,
    shell: '/bin/bash',
    reportIntervalMs: 10_000,
  });
});

test('config: uses the configured shell, else that of the image', (t) => {
  t.is(readConfig({ ...needed, SHELL: '/bin/zsh' }).shell, '/bin/zsh');
  t.is(readConfig({ ...needed, SHELL: '/bin/zsh', WARMTERM_SHELL: '/bin/sh' }).shell, '/bin/sh');
});

for (const [name, value] of Object.entries({
  WARMTERM_IDLE_TIMEOUT: '8d',
  WARMTERM_IDLE_WARNING: '1',
  WARMTERM_ACTIVITY: 'keys',
  WARMTERM_BEFORE_EXIT_TIMEOUT: '2h',
  WARMTERM_SHELL: 'bash',
  WARMTERM_MANAGER_URL: 'manager:8080',
  WARMTERM_UNKNOWN: 'x',
  PORT: '70000',
  LOG_LEVEL: 'loud',
})) {
  test(`inv 10: ${name}=${value} is refused by name`, (t) => {
    const error = t.throws(() => readConfig({ ...needed, [name]: value }), { instanceOf: ServiceError });
    t.is(error?.code, 'invalid-config');
    t.true(error?.message.startsWith(name), error?.message);
  });
}
