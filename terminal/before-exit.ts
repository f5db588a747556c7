// The image's last word before a session is gone: a shell command, run once, for a bounded time.

import { spawn } from 'node:child_process';
import type { Logger } from '../common/log.ts';

export type BeforeExit = () => Promise<void>;

/**
 * A function that runs `command` the first time it is called, and gives every later caller the same promise. It always
 * resolves: when the command has ended, or when the time is up and it was killed with all that it started.
 */
export function createBeforeExit(options: {
  command: string | undefined;
  timeoutMs: number;
  environment: Record<string, string>;
  log: Logger;
}): BeforeExit {
  let run: Promise<void> | undefined;
  return () => {
    run ??= options.command === undefined ? Promise.resolve() : runHook(options.command, options);
    return run;
  };
}

function runHook(
  command: string,
  { timeoutMs, environment, log }: { timeoutMs: number; environment: Record<string, string>; log: Logger },
): Promise<void> {
  return new Promise((resolve) => {
    // What it prints is the visitor's business, and goes nowhere.
    const hook = spawn('/bin/sh', ['-c', command], {
      cwd: environment.HOME,
      env: environment,
      detached: true,
      stdio: 'ignore',
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(hook.pid);
    }, timeoutMs);
    hook.once('error', (error) => {
      clearTimeout(timer);
      log.error({ err: error }, 'before-exit hook could not be started');
      resolve();
    });
    hook.once('exit', (exitCode, signal) => {
      clearTimeout(timer);
      if (timedOut) log.warn({ timeoutMs }, 'before-exit hook took too long and was killed');
      else log.info({ exitCode, signal: signal ?? undefined }, 'before-exit hook ended');
      resolve();
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It was gone already.
  }
}
