// The server in a terminal pod: wires its parts together.

import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../common/errors.ts';
import { createKeySet } from '../common/key-set.ts';
import { createLog } from '../common/log.ts';
import type { Report } from '../common/manager-api.ts';
import { createRemoteClock } from '../common/remote-clock.ts';
import { exitOnInvalidConfig, runService } from '../common/service.ts';
import { createBeforeExit } from './before-exit.ts';
import { systemClock as clock } from './clock.ts';
import { readConfig } from './config.ts';
import { connect, type TerminalSocket } from './connection.ts';
import { createBrowserServer, createHealthServer, listen } from './http-server.ts';
import { createManagerClient } from './manager/manager-client.ts';
import { createReporter } from './manager/reporter.ts';
import { createWhoEnded } from './manager/who-ended.ts';
import { createRunRecords } from './runs/run-records.ts';
import { createRuns } from './runs/runs.ts';
import { createScreens } from './runs/screens.ts';
import { connectRuns } from './runs/server.ts';
import { createLatestOnly } from './search/latest-only.ts';
import { createSearcher } from './search/search.ts';
import { createProcessLimit } from './session/process-limit.ts';
import { createSession } from './session/session.ts';
import { createSharing, soloSeat } from './sharing/sharing.ts';
import { attachEnvironment, shellEnvironment } from './shell-environment.ts';
import { createSocketServer } from './socket.ts';
import { type Answering, createAnswering } from './stream/answering.ts';
import { loadKeys } from './tickets/load-keys.ts';
import { createTicketVerifier } from './tickets/verify-ticket.ts';
import { startTmux } from './tmux/tmux.ts';
import { createWindows } from './tmux/windows.ts';

const config = read();
// `npm start` checks the settings before it creates a pool whose containers could not start.
if (process.argv.includes('--check-settings')) process.exit(0);
const log = createLog('terminal', config.logLevel).child({ pod: config.podName });
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    log.fatal({ err: error }, event);
    process.exit(1);
  });
}

// Runs that a killed server left behind may hold resources that this server needs.
const records = createRunRecords(join(tmpdir(), 'warmterm-runs'));
const leftovers = records.endLeftovers();

// tmux first: everything else starts while the shell does.
const home = process.env.HOME || homedir();
const environment = shellEnvironment(process.env, { shell: config.shell, home, exists: existsSync });
const folder = mkdtempSync(join(tmpdir(), 'warmterm-'));
const tmux = startTmux({
  configFile: fileURLToPath(new URL('./tmux.conf', import.meta.url)),
  socketPath: join(folder, 'tmux'),
  shell: config.shell,
  environment,
  log,
});
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
  records.close();
});

/** The manager's time. */
const time = createRemoteClock({ wall: clock.wall, monotonic: clock.now });
const manager = createManagerClient({
  url: config.managerUrl,
  socketPath: config.managerSocket,
  tokenFile: config.managerTokenFile,
  clock,
  time,
});
const keys = createKeySet({ fetchKeys: manager.fetchKeys, now: clock.now });
const { getKey, refreshIfDue: askTime } = keys;
const verifyTicket = createTicketVerifier({ podUid: config.podUid, getKey, time, askTime });
const attachedEnvironment = attachEnvironment(environment);
/** A name of this process. Another one means another shell. */
const run = randomUUID();
/** When a browser first attached, by `clock.now`. */
let connectedAt: number | undefined;
/** The pool's settings, or else those of the environment. */
let runTimes = { graceMs: config.runGraceMs, lingerMs: config.runLingerMs };
const jobs = createLatestOnly({
  now: clock.now,
  later: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
});
const searcher = createSearcher({ run: tmux.run, session: tmux.session, jobs });
const windows = createWindows({ tmux, log });

const answerings = new Map<string, Answering<TerminalSocket>>();
const answering = (of: string) => {
  const known = answerings.get(of) ?? createAnswering<TerminalSocket>();
  answerings.set(of, known);
  return known;
};

const { server, release } = createBrowserServer();
const pages = createSocketServer(server, {
  verifyTicket,
  onTicket: release,
  admit: () => {
    // While the hook runs, browsers may attach to see its result.
    if (session.saving) return;
    if (over()) throw new ServiceError('session-not-found', 'This session has ended.');
    if (unready()) throw new ServiceError('unavailable', 'This terminal is not ready yet.');
  },
  onConnection: (socket) => {
    if (session.saving) {
      socket.emit('saving', session.saving);
      return;
    }
    if (sharing.isRemoved(socket.data.ticket)) {
      socket.emit('removed');
      socket.conn.close();
      return;
    }
    const of = socket.data.run;
    const other = of === undefined ? undefined : runs.session(of);
    const screen = connect({
      socket,
      podName: config.podName,
      run,
      seat: other === undefined ? sharing.join(socket) : soloSeat(socket.data.ticket.role),
      attachArguments: (options) => tmux.attachArguments({ ...options, session: other }),
      searcher: other === undefined ? searcher : createSearcher({ run: tmux.run, session: other, jobs }),
      environment: attachedEnvironment,
      onTyped: session.typed,
      isScrolled: () => tmux.isScrolled(other),
      windows: other === undefined ? windows : undefined,
      // The visitor may have detached the tmux client: closing makes the page reconnect. If the session has ended, the page learns that instead.
      session: other ?? tmux.session,
      history: tmux.history,
      answering: answering(other ?? tmux.session),
      onDetached: () => void tmux.check().then((alive) => alive && socket.conn.close()),
      clock,
      log,
    });
    if (of !== undefined) screens.add(of, screen, socket);
    if (session.ending) socket.emit('ending', session.ending);
    if (socket.data.ticket.role === 'owner') connected();
  },
  findRun: (id) => void runs.session(id),
  onRuns: (socket) => connectRuns({ socket, runs, onClient: connected, log }),
  onCount: () => reporter.poke(),
  log,
});
const screens = createScreens(clock);
const sharing = createSharing({ tmux, clock, log });
const runs = createRuns({
  environment,
  folder,
  ringBytes: config.runOutput,
  settings: () => runTimes,
  tmux,
  records,
  hold: () => session.hold(),
  endTerminal: () => session.finish(),
  settled: screens.settled,
  clock,
  log,
});
// Runs can end the session only once it is open.
void tmux.warm.then(
  () => leftovers.forEach(runs.restore),
  () => {},
);
const processes = createProcessLimit({ limit: config.maxProcesses, isUsed: () => connectedAt !== undefined, log });
const whoDeleted = createWhoEnded({ describe, send: manager.report, log });
const session = createSession({
  idle: {
    timeoutMs: config.idleTimeoutMs,
    warningMs: config.idleWarningMs,
    countsOutput: config.activity === 'output',
  },
  tmux,
  pages: {
    ...pages,
    ended: (reason, saved) => {
      runs.close();
      pages.ended(reason, saved);
    },
  },
  endRuns: (reason) => runs.end(reason),
  exceeded: processes.exceeded,
  beforeExit: createBeforeExit({ command: config.beforeExit, timeoutMs: config.beforeExitTimeoutMs, environment, log }),
  whoEnded: async () => {
    const who = await whoDeleted();
    // The client of a finished run ends the terminal. For viewers, the command has ended.
    return who === 'owner' && runs.over() ? 'run' : who;
  },
  deleteSelf: manager.deleteSelf,
  clock,
  time,
  log,
});
const reporter = createReporter({
  describe: () => (over() ? undefined : describe()),
  send: manager.report,
  onAnswer: (answer) => {
    const { runGraceMs: graceMs = config.runGraceMs, runLingerMs: lingerMs = config.runLingerMs } = answer;
    const changed = runTimes.graceMs !== graceMs || runTimes.lingerMs !== lingerMs;
    runTimes = { graceMs, lingerMs };
    if (changed) runs.settingsChanged();
    session.learn(answer);
  },
  intervalMs: config.reportIntervalMs,
  log,
});

// The server outlives the session, so that pages receive its last event.
const closing = new AbortController();
const exitCode = await runService(log, {
  session: async (signal) => {
    try {
      await session.run(signal);
    } finally {
      closing.abort();
    }
  },
  health: () => {
    const at = { host: config.host, port: config.healthPort, setting: 'HEALTH_PORT' };
    return listen(
      createHealthServer({ unhealthy, unready }),
      { ...at, onListening: logListening('health listening') },
      closing.signal,
    );
  },
  server: () => {
    const at = { host: config.host, port: config.port, setting: 'PORT' };
    return listen(server, { ...at, onListening: logListening('listening') }, closing.signal);
  },
  processes: processes.run,
  reports: reporter.run,
  keys: async (signal) => {
    await loadKeys(keys, { log, signal });
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  },
});
process.exit(exitCode);

function read() {
  try {
    return readConfig(process.env);
  } catch (error) {
    return exitOnInvalidConfig(error);
  }
}

function logListening(message: string) {
  return ({ address, port }: { address: string; port: number }) => log.info({ address, port }, message);
}

/** A browser has attached, or a client of a run has connected. */
function connected(): void {
  connectedAt ??= clock.now();
  session.attached();
  reporter.poke();
}

/** The report to the manager; undefined before the first connection. */
function describe(): Report | undefined {
  if (connectedAt === undefined) return undefined;
  const byManager = (at: number) => new Date(time.now() - Math.round(clock.now() - at)).toISOString();
  const lastInputAt = session.lastInputAt === undefined ? {} : { lastInputAt: byManager(session.lastInputAt) };
  return { connections: pages.count, connectedAt: byManager(connectedAt), ...lastInputAt };
}

function over(): boolean {
  return session.state !== 'warming' && session.state !== 'open';
}

// After the session has ended, the pod waits for its deletion. Restarting its container would start a new shell in a used pod.
function unhealthy(): string | undefined {
  return tmux.alive || over() ? undefined : 'tmux is gone';
}

function unready(): string | undefined {
  if (over()) return 'the session is over';
  if (session.state === 'warming') return 'the shell has not drawn its prompt yet';
  return keys.loaded ? undefined : 'the keys of the manager are not known yet';
}
