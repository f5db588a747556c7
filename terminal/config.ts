// The terminal's settings, read from its environment. Pure. Reports all problems at once.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  /** Address to listen on, or a folder for Unix sockets named after the ports. Default: all addresses. */
  HOST: setting.text().optional(),
  /** Port to listen on. */
  PORT: setting.port().default(3000),
  /** Port of `/healthz` and `/readyz`. No Service exposes it, so traffic of browsers cannot make a probe fail. */
  HEALTH_PORT: setting.port().default(3900),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: setting.logLevel().default('info'),
  /** Name of the pod, by the downward API. */
  WARMTERM_POD_NAME: setting.text(),
  /** UID of the pod, by the downward API. */
  WARMTERM_POD_UID: setting.text(),
  /** URL of the manager. */
  WARMTERM_MANAGER_URL: setting.url(),
  /** Unix socket of the manager, if the terminal has no network. */
  WARMTERM_MANAGER_SOCKET: setting.text().optional(),
  /** File with a service account token of audience `warmterm-manager`, bound to the pod. It is read again as it rotates. */
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  /** Ends a session that has no input for this long. Replaced by the pool's `idle-timeout` once the manager sends it. */
  WARMTERM_IDLE_TIMEOUT: setting.duration('1s', '7d').default(900_000),
  /** How long before the end of an idle session the countdown begins; at most half of the timeout. */
  WARMTERM_IDLE_WARNING: setting.duration('100ms', '1d').default(60_000),
  /** What keeps a session alive: `input`, or also the `output` of its jobs. */
  WARMTERM_ACTIVITY: setting.choice('input', 'output').default('input'),
  /** Ends a session with more processes and threads. They are counted in containers only. */
  WARMTERM_MAX_PROCESSES: setting.whole(50, 4_000_000).default(500),
  /** Shell command to run before the pod ends, to save work. The page shows what it prints, and whether it failed. */
  WARMTERM_BEFORE_EXIT: setting.text().optional(),
  /** How long that command may take. */
  WARMTERM_BEFORE_EXIT_TIMEOUT: setting.duration('100ms', '1h').default(20_000),
  /** The visitor's shell. Default: `$SHELL`, else `/bin/bash`. */
  WARMTERM_SHELL: setting
    .text()
    .refine((path) => path.startsWith('/'), 'must be the absolute path of a shell')
    .optional(),
  /** How often a terminal in use reports to the manager. */
  WARMTERM_REPORT_INTERVAL: setting.duration('100ms', '10m').default(10_000),
  /** How many bytes of stdout, and of stderr, are kept on disk for each run. */
  WARMTERM_RUN_OUTPUT: setting.bytes('256KiB', '4GiB').default(4 * 1_024 * 1_024),
  /** How long an attached run lives without its client. Replaced by the pool's `run-grace` once the manager sends it. */
  WARMTERM_RUN_GRACE: setting.duration('1s', '1d').default(60_000),
  /** How long the terminal of a detached run stays after it. Replaced by the pool's `run-linger` once the manager sends it. */
  WARMTERM_RUN_LINGER: setting.duration('0s', '7d').default(600_000),
};

export type Config = ReturnType<typeof readConfig>;

/** Settings by name, durations in milliseconds. Throws `invalid-config` with a line for each problem. */
export function readConfig(environment: Environment) {
  const read = readEnvironment(shape, environment);
  return Object.freeze({
    /** All addresses if undefined; a folder for Unix sockets named after the ports. */
    host: read.HOST,
    port: read.PORT,
    /** The port of the probes of the kubelet and the manager. No Service exposes it. */
    healthPort: read.HEALTH_PORT,
    logLevel: read.LOG_LEVEL,
    podName: read.WARMTERM_POD_NAME,
    podUid: read.WARMTERM_POD_UID,
    managerUrl: read.WARMTERM_MANAGER_URL.replace(/\/+$/, ''),
    /** The Unix socket of the manager, if the terminal has no network. */
    managerSocket: read.WARMTERM_MANAGER_SOCKET,
    /** Read again at every call: the kubelet replaces the token long before it expires. */
    managerTokenFile: read.WARMTERM_MANAGER_TOKEN_FILE,
    idleTimeoutMs: read.WARMTERM_IDLE_TIMEOUT,
    idleWarningMs: read.WARMTERM_IDLE_WARNING,
    /** What keeps a session alive: input only, or also the output of jobs. */
    activity: read.WARMTERM_ACTIVITY,
    /** Includes threads. */
    maxProcesses: read.WARMTERM_MAX_PROCESSES,
    beforeExit: read.WARMTERM_BEFORE_EXIT,
    beforeExitTimeoutMs: read.WARMTERM_BEFORE_EXIT_TIMEOUT,
    shell: read.WARMTERM_SHELL ?? (environment.SHELL?.startsWith('/') ? environment.SHELL : '/bin/bash'),
    reportIntervalMs: read.WARMTERM_REPORT_INTERVAL,
    /** Bytes of each stream of a run that are kept on disk. */
    runOutput: read.WARMTERM_RUN_OUTPUT,
    /** How long a run lives without its client, and how long a terminal stays after a detached run, until the manager sends values. */
    runGraceMs: read.WARMTERM_RUN_GRACE,
    runLingerMs: read.WARMTERM_RUN_LINGER,
  });
}
