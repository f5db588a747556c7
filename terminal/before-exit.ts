// The image's last word before a session is gone: a shell command, run for a bounded time. What it prints is for the
// visitor, who reads it on the page.

import { spawn } from 'node:child_process';
import type { Logger } from '../common/log.ts';
import type { Saved } from '../common/socket.ts';
import { endBudget } from './end-budget.ts';
import { PlainTail } from './stream/plain-tail.ts';

/** Runs the hook; undefined at once when there is none. `onOutput` is told now and then what it has printed. */
export type BeforeExit = (onOutput: (output: string) => void) => Promise<Saved | undefined>;

const tellEveryMs = 100;

/** It always resolves: when the command has ended, or when the time is up and it was killed with all that it started. */
export function createBeforeExit(options: {
  command: string | undefined;
  timeoutMs: number;
  environment: Record<string, string>;
  log: Logger;
}): BeforeExit {
  const { command, timeoutMs, environment, log } = options;
  return async (onOutput) => {
    if (command === undefined) return undefined;
    const tail = new PlainTail();
    onOutput('');
    let timer: NodeJS.Timeout | undefined;
    const tell = () => {
      timer = undefined;
      onOutput(tail.text);
    };
    const ended = await run(command, { timeoutMs, environment }, (bytes) => {
      tail.push(bytes);
      timer ??= setTimeout(tell, tellEveryMs);
    });
    clearTimeout(timer);
    if (ended.result === 'saved') log.info(ended, 'before-exit hook ended');
    else log.warn({ ...ended, timeoutMs }, 'before-exit hook failed');
    return { ...ended, output: tail.text };
  };
}

function run(
  command: string,
  { timeoutMs, environment }: { timeoutMs: number; environment: Record<string, string> },
  onOutput: (bytes: Buffer) => void,
): Promise<Omit<Saved, 'output'>> {
  return new Promise((resolve) => {
    const hook = spawn('/bin/sh', ['-c', command], {
      cwd: environment.HOME,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    hook.stdout.on('data', onOutput);
    hook.stderr.on('data', onOutput);
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(hook.pid);
    }, timeoutMs);
    const settle = (saved: Omit<Saved, 'output'>) => {
      clearTimeout(limit);
      hook.stdout.destroy();
      hook.stderr.destroy();
      resolve(saved);
    };
    hook.once('error', (error) => {
      onOutput(Buffer.from(`${error.message}\n`));
      settle({ result: 'failed' });
    });
    hook.once('exit', (exitCode) => {
      const saved = timedOut
        ? ({ result: 'timed-out' } as const)
        : ({ result: exitCode === 0 ? 'saved' : 'failed', ...(exitCode !== null && { exitCode }) } as const);
      const drained = setTimeout(() => settle(saved), endBudget.hookOutput);
      hook.once('close', () => {
        clearTimeout(drained);
        settle(saved);
      });
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
