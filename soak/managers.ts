// Three managers as processes, each behind a faulty proxy of its own and with a clock of its own. One that is killed is
// restarted, as a Deployment would do.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../local/node-flags.ts';
import { freePort } from '../local/ports.ts';
import type { FaultyProxy } from './faulty-proxy.ts';

const program = fileURLToPath(new URL('../dist/manager.mjs', import.meta.url));
const clock = fileURLToPath(new URL('jumping-clock.mjs', import.meta.url));
const linesKept = 20_000;
const startPauseMs = 200;
const promptMs = 1_000;

/** A line of a manager's log, and its arrival by performance.now. */
export type LogLine = { manager: string; at: number; text: string };

export type ManagerOptions = {
  name: string;
  directory: string;
  proxy: FaultyProxy;
  signingKey: string;
  namespace: string;
  /** Address to listen on. */
  host: string;
  onLog: (line: LogLine) => void;
};

export type Manager = Awaited<ReturnType<typeof startManager>>;

export async function startManager({ name, directory, proxy, signingKey, namespace, host, onLog }: ManagerOptions) {
  const port = await freePort();
  const clockFile = join(directory, `${name}.clock`);
  writeFileSync(clockFile, '0');
  let wanted = true;
  /** Until this time, the manager may be silent without a fault. */
  let excusedUntil = 0;
  let stopped = false;
  let child = start();

  function start() {
    const started = spawn(process.execPath, [...nodeFlags, `--import=${clock}`, '--enable-source-maps', program], {
      env: {
        HOST: host,
        PORT: String(port),
        KUBECONFIG: proxy.kubeconfig,
        WARMTERM_NAMESPACE: namespace,
        WARMTERM_SIGNING_KEY_FILE: signingKey,
        SOAK_CLOCK: clockFile,
        SOAK_PARENT: String(process.pid),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // By the soak's clock, because the manager's clock is wrong.
    const log = (text: string) => onLog({ manager: name, at: performance.now(), text });
    createInterface(started.stdout).on('line', log);
    createInterface(started.stderr).on('line', log);
    started.once('exit', (code, signal) => {
      excuse(5_000);
      if (!wanted) return;
      if (signal !== 'SIGKILL') log(`The manager ended by itself: ${code ?? signal}`);
      setTimeout(() => {
        if (wanted) child = start();
      }, startPauseMs);
    });
    return started;
  }

  // A busy machine gives a process no time, so late answers then are not checked. The request is one that
  // the manager answers by itself.
  const probing = (async () => {
    while (wanted) {
      const askedAt = performance.now();
      const answered = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(10_000) }).then(
        () => true,
        () => false,
      );
      if (!answered || performance.now() - askedAt > promptMs) excuse(2 * promptMs);
      await delay(500, undefined, { ref: false });
    }
  })();

  function excuse(ms: number): void {
    excusedUntil = Math.max(excusedUntil, performance.now() + ms);
  }

  return {
    name,
    url: `http://127.0.0.1:${port}`,
    port,
    proxy,
    /** Whether it has run continuously since `since` (a time of performance.now). */
    ranSince: (since: number) => !stopped && excusedUntil < since,
    kill(): void {
      excuse(5_000);
      child.kill('SIGKILL');
    },
    /** Suspends the process for this long, then resumes it. */
    async pause(ms: number): Promise<void> {
      const paused = child;
      stopped = true;
      paused.kill('SIGSTOP');
      await delay(ms);
      paused.kill('SIGCONT');
      stopped = false;
      excuse(2_000);
    },
    /** Makes its clock wrong by this much. */
    setClock(offsetMs: number): void {
      writeFileSync(clockFile, String(offsetMs));
    },
    async isReady(): Promise<boolean> {
      try {
        return (await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
      } catch {
        return false;
      }
    },
    async close(): Promise<void> {
      wanted = false;
      await probing;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}

export type LogBook = ReturnType<typeof createLogBook>;

/** The last lines that managers have logged. */
export function createLogBook() {
  const lines: LogLine[] = [];
  return {
    add(line: LogLine): void {
      lines.push(line);
      if (lines.length > linesKept) lines.splice(0, linesKept / 10);
    },
    /** The last log lines of a manager. */
    last: (name: string) => lines.filter(({ manager }) => manager === name).at(-1)?.text,
    /** The lines that mention any of `words`. */
    about: (words: string[]): LogLine[] => lines.filter(({ text }) => words.some((word) => text.includes(word))),
  };
}
