// The terminal's settings, read out of its environment: pure, and every problem at once.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  HOST: setting.text().optional(),
  PORT: setting.port().default(3000),
  HEALTH_PORT: setting.port().default(3900),
  LOG_LEVEL: setting.logLevel().default('info'),
  WARMTERM_POD_NAME: setting.text(),
  WARMTERM_POD_UID: setting.text(),
  WARMTERM_MANAGER_URL: setting.url(),
  WARMTERM_MANAGER_SOCKET: setting.text().optional(),
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  WARMTERM_IDLE_TIMEOUT: setting.duration('1s', '7d').default(900_000),
  WARMTERM_IDLE_WARNING: setting.duration('100ms', '1d').default(60_000),
  WARMTERM_ACTIVITY: setting.choice('input', 'output').default('input'),
  WARMTERM_MAX_PROCESSES: setting.whole(50, 4_000_000).default(500),
  WARMTERM_BEFORE_EXIT: setting.text().optional(),
  WARMTERM_BEFORE_EXIT_TIMEOUT: setting.duration('100ms', '1h').default(20_000),
  WARMTERM_SHELL: setting
    .text()
    .refine((path) => path.startsWith('/'), 'must be the absolute path of a shell')
    .optional(),
  WARMTERM_REPORT_INTERVAL: setting.duration('100ms', '10m').default(10_000),
  WARMTERM_RUN_OUTPUT: setting.bytes('256KiB', '4GiB').default(4 * 1_024 * 1_024),
  WARMTERM_RUN_GRACE: setting.duration('1s', '1d').default(60_000),
  WARMTERM_RUN_LINGER: setting.duration('0s', '7d').default(600_000),
};

export type Config = ReturnType<typeof readConfig>;

/** Settings by name, durations in milliseconds. Throws `invalid-config` with a line for each that is wrong. */
export function readConfig(environment: Environment) {
  const read = readEnvironment(shape, environment);
  return Object.freeze({
    /** All addresses when undefined; a folder for Unix sockets that are named after the ports. */
    host: read.HOST,
    port: read.PORT,
    /** Where the kubelet and the manager probe it. No Service exposes this port. */
    healthPort: read.HEALTH_PORT,
    logLevel: read.LOG_LEVEL,
    podName: read.WARMTERM_POD_NAME,
    podUid: read.WARMTERM_POD_UID,
    managerUrl: read.WARMTERM_MANAGER_URL.replace(/\/+$/, ''),
    /** The Unix socket at which the manager is reached, where the terminal has no network. */
    managerSocket: read.WARMTERM_MANAGER_SOCKET,
    /** Read again at every call: the kubelet replaces the token long before it expires. */
    managerTokenFile: read.WARMTERM_MANAGER_TOKEN_FILE,
    idleTimeoutMs: read.WARMTERM_IDLE_TIMEOUT,
    idleWarningMs: read.WARMTERM_IDLE_WARNING,
    /** What keeps a session alive: keys only, or what its jobs print as well. */
    activity: read.WARMTERM_ACTIVITY,
    /** Threads count too. */
    maxProcesses: read.WARMTERM_MAX_PROCESSES,
    beforeExit: read.WARMTERM_BEFORE_EXIT,
    beforeExitTimeoutMs: read.WARMTERM_BEFORE_EXIT_TIMEOUT,
    shell: read.WARMTERM_SHELL ?? (environment.SHELL?.startsWith('/') ? environment.SHELL : '/bin/bash'),
    reportIntervalMs: read.WARMTERM_REPORT_INTERVAL,
    /** Bytes of each stream of a run that are kept on disk. */
    runOutput: read.WARMTERM_RUN_OUTPUT,
    /** How long a run lives without its client, and how long its terminal stays after a detached one: until the manager tells. */
    runGraceMs: read.WARMTERM_RUN_GRACE,
    runLingerMs: read.WARMTERM_RUN_LINGER,
  });
}
