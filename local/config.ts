// Settings of `npm start`. What can be set on a pool is set on the pool: `kubectl annotate`.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  HOST: setting.text().default('127.0.0.1'),
  PORT: setting.port().default(5252),
  /** The names by which the page may be asked for. */
  WARMTERM_HOSTS: setting.text().optional(),
  LOG_LEVEL: setting.logLevel().default('info'),
  /** Ready terminals to keep. */
  WARMTERM_SPARE: setting.whole(0, 50).default(2),
  /** Terminals at most. */
  WARMTERM_MAX: setting.whole(1, 100).default(10),
  /** `off`: terminals are plain processes of this user. */
  WARMTERM_SANDBOX: setting.choice('auto', 'off').default('auto'),
  /** `off`: terminals have no network. */
  WARMTERM_INTERNET: setting.choice('auto', 'off').default('auto'),
  WARMTERM_IDLE_TIMEOUT: setting.duration('1s', '7d').default(900_000),
};

export type Config = ReturnType<typeof readConfig>;

export const readConfig = (environment: Environment) => readEnvironment(shape, environment);
