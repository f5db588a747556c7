// The before-exit hook: a shell command of the image, run for a bounded time before the session ends, for example to save work. The page
// shows what it prints.

import { spawn } from 'node:child_process';
import type { Logger } from '../common/log.ts';
import type { Saved } from '../common/socket.ts';
import { endBudget } from './end-budget.ts';
import { PlainTail } from './stream/plain-tail.ts';

/** Runs the hook; undefined at once if there is none. `onOutput` is called with its output so far. */
export type BeforeExit = (onOutput: (output: string) => void) => Promise<Saved | undefined>;

const tellEveryMs = 100;

/** Always resolves: when the command has ended, or after the timeout, when it and all its children were killed. */
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
    if (ended.result === 'saved') log.info(ended, 'before-exit hook succeeded');
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
    // It has already ended.
  }
}
