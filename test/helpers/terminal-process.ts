// A real terminal server in a process of its own, with a real tmux and a real shell, on its own port.

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { builtService } from './built.ts';
import { poll } from './poll.ts';
import { Journal } from './terminal-journal.ts';
import { processesNaming } from './terminal-leftovers.ts';
import { podToken, podUid, type TestManager } from './terminal-manager.ts';

export const prompt = 'ready> ';

type Line = Record<string, unknown> & { msg: string };
export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/**
 * Starts a terminal for `manager`. Its shell is bash with a fixed prompt and without start-up files, unless `shell` (a
 * script) replaces it. At the end of the test it is killed with all its processes.
 */
export async function startTerminal(
  t: ExecutionContext,
  manager: TestManager,
  options: { settings?: Record<string, string>; shell?: string; ready?: boolean } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'terminal-test-'));
  const shell = join(folder, 'shell');
  writeFileSync(shell, `#!/bin/sh\n${options.shell ?? `export PS1='${prompt}'`}\nexec bash --norc --noprofile -i\n`);
  chmodSync(shell, 0o755);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, podToken);
  const logs = new Journal<Line>('log lines');
  const exits = new Journal<Exit>('exits');
  const { PATH = '', NODE_OPTIONS = '' } = process.env;
  const child = spawn(process.execPath, [builtService('terminal')], {
    cwd: folder,
    env: {
      PATH,
      NODE_OPTIONS,
      HOME: folder,
      TMPDIR: folder,
      HOST: '127.0.0.1',
      PORT: '0',
      HEALTH_PORT: '0',
      LOG_LEVEL: 'debug',
      WARMTERM_POD_NAME: 'pod-0',
      WARMTERM_POD_UID: podUid,
      WARMTERM_MANAGER_URL: manager.url,
      WARMTERM_MANAGER_TOKEN_FILE: tokenFile,
      WARMTERM_SHELL: shell,
      WARMTERM_REPORT_INTERVAL: '200ms',
      ...options.settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) logs.add(JSON.parse(line));
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    complaints += piece;
  });
  child.once('close', (code, signal) => {
    exits.add({ code, signal });
    logs.add({ msg: `exited with ${code ?? signal}: ${complaints}` });
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exits.next();
    await eventually(() => killAll(processesNaming(folder)) === 0 || undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const listening = async (message: string) => {
    const said = (line: Line) => line.msg === message || line.msg.startsWith('exited');
    const line = await logs.next(said);
    if (line.msg !== message) throw new Error(`The terminal did not start: ${line.msg}`);
    return `http://127.0.0.1:${line.port}`;
  };
  const healthUrl = await listening('health listening');
  const url = await listening('listening');
  /** The answer of its health port. */
  const check = async (path: string) => (await fetch(healthUrl + path)).status;
  const terminal = {
    url,
    healthUrl,
    folder,
    logs,
    exits,
    pid: child.pid ?? 0,
    check,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    complaints: () => complaints,
    /** Resolves once /readyz says so. */
    ready: () => eventually(async () => (await check('/readyz')) === 200 || undefined),
  };
  if (options.ready !== false) await terminal.ready();
  return terminal;
}

/** The first defined result of `look`. Throws after `withinMs`. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined, withinMs = 60_000): Promise<T> {
  const found = await poll(look, withinMs);
  if (found === undefined) throw new Error(`Waited ${withinMs} ms in vain for: ${look}`);
  return found;
}

/** Kills the remaining processes, and returns their number. One that has already ended is no error. */
function killAll(processes: { pid: number }[]): number {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  return processes.length;
}
