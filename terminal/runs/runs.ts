// The runs of this terminal: starts and finds them, forgets the oldest, and determines when the terminal ends with them.

import { isAbsolute, join } from 'node:path';
import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { RunStatus, StartRun } from '../../common/runs.ts';
import type { EndReason } from '../../common/socket.ts';
import type { Clock } from '../clock.ts';
import { endBudget } from '../end-budget.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { type Command, neverStarted } from './command.ts';
import { endMoment } from './end-moment.ts';
import { startProcess } from './process-run.ts';
import { Run, type RunClient } from './run.ts';
import type { RunRecords } from './run-records.ts';
import { startTty } from './tty-run.ts';

/** Beyond this number, the oldest ended runs are forgotten, with their output. */
const maxKept = 32;
const maxLive = 16;

export type RunsOptions = {
  environment: Record<string, string>;
  folder: string;
  ringBytes: number;
  /** The present settings. */
  settings: () => { graceMs: number; lingerMs: number };
  tmux: Pick<Tmux, 'run' | 'ask' | 'check' | 'waitFor'>;
  records: RunRecords;
  /** Keeps the session from being idle until the returned function is called. */
  hold: () => () => void;
  /** Ends the terminal, because its run has ended. */
  endTerminal: () => void;
  /** Resolves when all viewers of a run with a tty have seen its last screen. */
  settled: (run: string, options: { expected: boolean }) => Promise<void>;
  clock: Clock;
  log: Logger;
};

export type Runs = ReturnType<typeof createRuns>;

export function createRuns(options: RunsOptions) {
  const { settings, records, hold, endTerminal, clock, log } = options;
  const starting = new Map<string, Promise<Run>>();
  const runs = new Map<string, Run>();
  /** For each run: when it ended and when its last client left, by `clock.now`. */
  const times = new WeakMap<Run, { endedAt?: number; leftAt?: number; clean: boolean }>();
  let ending: EndReason | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Starts a run, or returns it if its id exists. Rejects with `too-many-requests`, or `unavailable` if it cannot be started. */
  async function start(request: StartRun): Promise<Run> {
    const known = runs.get(request.run) ?? starting.get(request.run);
    if (known) return known;
    if (ending !== undefined)
      throw new ServiceError('unavailable', 'The terminal is ending. Start the command in a new one.');
    const live = [...runs.values()].filter((run) => run.live).length + starting.size;
    if (live >= maxLive)
      throw new ServiceError(
        'too-many-requests',
        `${maxLive} commands are already running in this terminal. Wait for one to end.`,
      );
    const begun = begin(request).finally(() => {
      starting.delete(request.run);
      review();
    });
    starting.set(request.run, begun);
    return begun;
  }

  async function begin(request: StartRun): Promise<Run> {
    const { run: id, command, tty, stdin, directory = '.' } = request;
    const { environment, folder, tmux, ringBytes } = options;
    const home = environment.HOME ?? '/';
    const own: Record<string, string> = { ...request.environment, WARMTERM_RUN: id };
    const common = {
      ...{ run: id, command, folder },
      directory: isAbsolute(directory) ? directory : join(home, directory),
      searchPath: own.PATH ?? environment.PATH,
    };
    const startedAt = new Date(clock.wall()).toISOString();
    let run: Run | undefined;
    const settled = () =>
      options.settled(id, { expected: !request.detached && !run?.ending && (run?.clients ?? 0) > 0 });
    // The client of an attached run sees its screen. Recording would slow down each key.
    const kept = request.detached ? ringBytes : undefined;
    const onOutput = () => run?.pump();
    const started = await (tty
      ? startTty({ ...common, environment: own, size: tty, tmux, settled, ringBytes: kept, onOutput })
      : startProcess({
          ...common,
          environment: { ...environment, ...own },
          stdin,
          ringBytes,
          onOutput,
        })
    ).catch((error: unknown) => {
      log.error({ err: error, run: id }, 'could not start a run: no room for its files, or tmux is gone');
      throw new ServiceError('unavailable', 'The terminal could not start the command. Its disk may be full.');
    });
    if (started.pid !== undefined) records.add(request, started.pid);
    run = keep(started, request, startedAt);
    log.info({ run: id, tty: tty !== undefined, detached: request.detached }, 'run started');
    if (ending !== undefined) run.end('terminal', why(ending));
    return run;
  }

  function keep(command: Command, request: StartRun, startedAt: string): Run {
    const release = hold();
    const graceMs = () => settings().graceMs;
    const run = new Run(command, { request, startedAt, graceMs, now: clock.now, onChange: review });
    runs.set(request.run, run);
    times.set(run, { clean: false });
    void run.ended.then(() => ended(run, release));
    return run;
  }

  /** Keeps the status of a run whose server was killed, so that clients can ask for it. Its terminal ends as for any run. */
  function restore(request: StartRun): void {
    log.warn({ run: request.run }, 'ended a run that a killed server had left behind');
    keep(neverStarted({ cause: 'terminal', message: lost }), request, new Date(clock.wall()).toISOString());
  }

  function ended(run: Run, release: () => void): void {
    const { code, signal, cause } = run.status.exit ?? {};
    log.info({ run: run.request.run, code, signal, cause }, 'run ended');
    times.set(run, { ...times.get(run), clean: false, endedAt: clock.now() });
    release();
    forgetOldest();
    review();
  }

  function forgetOldest(): void {
    for (const [id, run] of runs) {
      if (runs.size <= maxKept) return;
      if (run.live) continue;
      run.forget();
      records.remove(id);
      runs.delete(id);
    }
  }

  function leave(run: Run, client: RunClient, { clean }: { clean: boolean }): void {
    times.set(run, { ...times.get(run), clean, leftAt: clock.now() });
    run.leave(client);
  }

  // Ends the terminal when the run that it was started for is over.
  function review(): void {
    clearTimeout(timer);
    if (ending !== undefined || starting.size > 0) return;
    const known = [...runs.values()];
    const at = endMoment(
      known.map((run) => ({ ...run.request, live: run.live, clients: run.clients, ...times.get(run)! })),
      settings(),
    );
    if (at !== undefined) timer = setTimeout(endTerminal, Math.max(0, at - clock.now()));
  }

  return {
    start,
    restore,
    leave,
    /** The settings have changed. */
    settingsChanged: (): void => {
      for (const run of runs.values()) run.graceChanged();
      review();
    },
    /** Whether the run that the terminal was started for has ended, and no run is live. */
    over: (): boolean => {
      const known = [...runs.values()];
      return known.some(({ request }) => request.endsTerminal) && known.every(({ live }) => !live);
    },
    list: (): RunStatus[] => [...runs.values()].map((run) => run.status),
    /** Throws `not-found`. */
    get: (id: string): Run => {
      const run = runs.get(id);
      if (run) return run;
      throw new ServiceError('not-found', `There is no run ${id} in this terminal.`);
    },
    /** The tmux session of a run with a tty. Throws `session-not-found`. */
    session: (id: string): string => {
      const session = runs.get(id)?.session;
      if (session) return session;
      throw new ServiceError('session-not-found', `There is no run ${id} with a tty in this terminal.`);
    },
    /** The terminal ends: ends all runs. Resolves when they have ended, or after three seconds. */
    end: async (reason: EndReason): Promise<void> => {
      ending = reason;
      clearTimeout(timer);
      const live = [...runs.values()].filter((run) => run.live);
      for (const run of live) run.end('terminal', why(reason));
      if (live.length === 0) return;
      let late: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        late = setTimeout(resolve, endBudget.runs);
      });
      await Promise.race([Promise.all(live.map((run) => run.ended)), patience]);
      clearTimeout(late);
    },
    /** Sends the exit to all followers that do not have it, and frees the runs' resources. */
    close: (): void => {
      for (const [id, run] of runs) {
        run.forget();
        records.remove(id);
      }
    },
  };
}

const lost = 'The server of the terminal was killed: the command was ended with it, and what was known of it is lost.';

const why = (reason: EndReason): string => `The terminal ended: ${reasons[reason]}.`;

const reasons: Record<EndReason, string> = {
  exit: 'its shell has ended',
  run: 'the run that it was started for has ended',
  idle: 'it was idle',
  lifetime: 'its lifetime is over',
  processes: 'it had too many processes',
  owner: 'its owner ended it',
  administrator: 'an administrator or the cluster ended it',
  deleted: 'its pod was deleted',
};
