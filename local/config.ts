// Settings of `npm start`. What can be set on a pool is set on the pool: `kubectl annotate`.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';
import { passedOn } from './setup/settings.mjs';

const shape = {
  /** Address of the page. */
  HOST: setting.text().default('127.0.0.1'),
  /** Port of the page. */
  PORT: setting.port().default(5252),
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

type Service = keyof typeof passedOn;

export type Config = ReturnType<typeof readConfig>;

/** The settings, and those of the services, which each service checks for itself. */
export function readConfig(environment: Environment) {
  const services = Object.fromEntries(
    Object.entries(passedOn).map(([service, names]) => [service, take(environment, names)]),
  ) as Record<Service, Record<string, string>>;
  const names = new Set(Object.values(passedOn).flat());
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !names.has(name)));
  return { ...readEnvironment(shape, own), services };
}

const take = (environment: Environment, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
