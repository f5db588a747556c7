// Settings of `npm start`. What can be set on a pool is set on the pool: `kubectl annotate`.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  /** Address of the page. */
  HOST: setting.text().default('127.0.0.1'),
  /** Port of the page. */
  PORT: setting.port().default(5252),
  /** As for the webserver. Without it: the names of a loopback address. */
  WARMTERM_HOSTS: setting.text().optional(),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: setting.logLevel().default('info'),
  /** Ready terminals to keep, as the annotation `warmterm.dev/spare`. */
  WARMTERM_SPARE: setting.whole(0, 50).default(2),
  /** Terminals at most, as the annotation `warmterm.dev/max`. */
  WARMTERM_MAX: setting.whole(1, 100).default(10),
  /** `off`: terminals are plain processes of your user, with your files and your network. */
  WARMTERM_SANDBOX: setting.choice('auto', 'off').default('auto'),
  /** `off`: terminals have no network even where slirp4netns is installed. */
  WARMTERM_INTERNET: setting.choice('auto', 'off').default('auto'),
  /** As the annotation `warmterm.dev/idle-timeout`. */
  WARMTERM_IDLE_TIMEOUT: setting.duration('1s', '7d').default(900_000),
};

export type Config = ReturnType<typeof readConfig>;

export const readConfig = (environment: Environment) => readEnvironment(shape, environment);
