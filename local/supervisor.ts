// Keeps one service running as a process of its own, as a Deployment would: whatever ends it, it is started again.

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../common/log.ts';
import { invalidConfigExitCode } from '../common/service.ts';

export type Service = {
  readonly pid: number | undefined;
  readonly logFile: string;
  /** What it says of its settings, if it has ended because of them. It is not started again then. */
  wrongSettings(): string | undefined;
  /** Ends the process as it is, with any signal; it is started again. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it and leaves it ended, until `start`. */
  stop(): Promise<void>;
  start(): void;
};

export type ServiceOptions = {
  name: string;
  /** The program and its arguments, for Node. */
  args: string[];
  env: Record<string, string>;
  /** File that its output goes to. */
  logFile: string;
  log: Logger;
};

const maxSaid = 4_096;
const graceMs = 5_000;
const backOff = { firstMs: 50, maxMs: 5_000, healthyMs: 5_000 };

export function superviseService({ name, args, env, logFile, log }: ServiceOptions): Service {
  let child: ChildProcess | undefined;
  let wanted = false;
  let failures = 0;
  let wrong: string | undefined;

  function start(): void {
    wanted = true;
    if (child) return;
    const output = createWriteStream(logFile, { flags: 'a' });
    const startedAt = performance.now();
    // A process group of its own: Ctrl-C is for us to pass on, in the right order.
    const [command, ...rest] = [...dieWithParent(), process.execPath, ...args];
    const started = spawn(command!, rest, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    started.stdout?.pipe(output, { end: false });
    started.stderr?.pipe(output, { end: false });
    let said = '';
    started.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-maxSaid);
    });
    started.once('error', (error) => log.error({ service: name, err: error }, 'cannot be started'));
    started.once('close', (code, signal) => {
      output.end();
      child = undefined;
      if (!wanted) return;
      if (code === invalidConfigExitCode) {
        wrong = withoutHeading(said);
        return;
      }
      failures = performance.now() - startedAt > backOff.healthyMs ? 0 : failures + 1;
      const pause = failures === 0 ? 0 : Math.min(backOff.maxMs, backOff.firstMs * 2 ** (failures - 1));
      log.warn({ service: name, code, signal, logFile }, 'ended, starting it again');
      setTimeout(() => wanted && start(), pause);
    });
  }

  start();
  return {
    get pid() {
      return child?.pid;
    },
    logFile,
    wrongSettings: () => wrong,
    kill: (signal) => void child?.kill(signal),
    start,
    async stop() {
      wanted = false;
      const ending = child;
      if (!ending) return;
      const ended = new Promise((resolve) => ending.once('close', resolve));
      ending.kill('SIGTERM');
      const tooLate = new AbortController();
      void delay(graceMs, undefined, { signal: tooLate.signal }).then(
        () => ending.kill('SIGKILL'),
        () => {},
      );
      await ended;
      tooLate.abort();
    },
  };
}

/** The lines of a service about its settings, without the one above them and without their indent. Pure. */
export const withoutHeading = (said: string): string => said.replace(/^.*\n/, '').replace(/^ +/gm, '').trimEnd();

/** What to put before a command, so that the kernel ends it if this process is killed outright: prctl(2), PR_SET_PDEATHSIG. */
export const dieWithParent = (): string[] =>
  existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];
