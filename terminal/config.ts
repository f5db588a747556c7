// The terminal's settings, read out of its environment: pure, and every problem at once.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  /** Address to listen on, or a folder for Unix sockets that are named after the ports. Without it: all addresses. */
  HOST: setting.text().optional(),
  /** Port to listen on. */
  PORT: setting.port().default(3000),
  /** Port of `/healthz` and `/readyz`. No Service exposes it, so what browsers send fails no probe. */
  HEALTH_PORT: setting.port().default(3900),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: setting.logLevel().default('info'),
  /** Name of the pod, by the downward API. */
  WARMTERM_POD_NAME: setting.text(),
  /** UID of the pod, by the downward API. */
  WARMTERM_POD_UID: setting.text(),
  /** URL of the manager. */
  WARMTERM_MANAGER_URL: setting.url(),
  /** Unix socket at which the manager is reached, where the terminal has no network. */
  WARMTERM_MANAGER_SOCKET: setting.text().optional(),
  /** File of a service account token of audience `warmterm-manager`, bound to the pod. It is read again as it rotates. */
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  /** A session without input for this long ends. It holds until the manager tells the pool's `idle-timeout`. */
  WARMTERM_IDLE_TIMEOUT: setting.duration('1s', '7d').default(900_000),
  /** How long before the end of an idle session the countdown begins; at most half of the timeout. */
  WARMTERM_IDLE_WARNING: setting.duration('100ms', '1d').default(60_000),
  /** What keeps a session alive: `input`, or `output` of its jobs too. */
  WARMTERM_ACTIVITY: setting.choice('input', 'output').default('input'),
  /** A session with more processes and threads is ended. They are counted in containers only. */
  WARMTERM_MAX_PROCESSES: setting.whole(50, 4_000_000).default(500),
  /** Shell command to run before the pod ends, to save work. The page shows what it prints, and whether it failed. */
  WARMTERM_BEFORE_EXIT: setting.text().optional(),
  /** How long that command may take. */
  WARMTERM_BEFORE_EXIT_TIMEOUT: setting.duration('100ms', '1h').default(20_000),
  /** The visitor's shell. Without it: `$SHELL`, else `/bin/bash`. */
  WARMTERM_SHELL: setting
    .text()
    .refine((path) => path.startsWith('/'), 'must be the absolute path of a shell')
    .optional(),
  /** How often a terminal in use reports to the manager. */
  WARMTERM_REPORT_INTERVAL: setting.duration('100ms', '10m').default(10_000),
  /** How much of stdout, and of stderr, of each run is kept on disk. */
  WARMTERM_RUN_OUTPUT: setting.bytes('256KiB', '4GiB').default(4 * 1_024 * 1_024),
  /** How long an attached run lives without its client. It holds until the manager tells the pool's `run-grace`. */
  WARMTERM_RUN_GRACE: setting.duration('1s', '1d').default(60_000),
  /** How long the terminal of a detached run stays after it. It holds until the manager tells the pool's `run-linger`. */
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
