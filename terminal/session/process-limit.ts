// Ends a session with too many processes, such as a fork bomb. A container has no process limit unless the kubelet sets one (podPidsLimit).
// Its memory limit allows thousands, which would slow down other pods.

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';

// The container's own cgroup, as mounted inside: version 1, version 2.
const counters = ['/sys/fs/cgroup/pids/pids.current', '/sys/fs/cgroup/pids.current'];
// A fork bomb doubles within milliseconds, and memory is full after some hundreds or thousands of processes. The shell has a lower priority, so
// that this process still gets processor time. An unused terminal needs no frequent checks.
const everyMs = { unused: 1_000, used: 100 };

export type ProcessLimit = {
  /** Resolves when the limit was exceeded. Never rejects. */
  exceeded: Promise<void>;
  /** Counts until `signal`. */
  run: (signal: AbortSignal) => Promise<void>;
};

export type ProcessLimitOptions = {
  /** Processes and threads. */
  limit: number;
  /** Whether a browser has attached yet. */
  isUsed: () => boolean;
  /** The present number; undefined if it cannot be determined. */
  count?: () => number | undefined;
  /** Kills all processes but this one. */
  killAll?: () => void;
  log: Logger;
};

export function createProcessLimit(options: ProcessLimitOptions): ProcessLimit {
  const { limit, isUsed, count = countProcesses, killAll = killAllOthers, log } = options;
  let exceed: () => void = () => {};
  const exceeded = new Promise<void>((resolve) => {
    exceed = resolve;
  });

  async function run(signal: AbortSignal): Promise<void> {
    if (count() === undefined) log.info('no process limit: this system has no pids cgroup');
    while (!signal.aborted) {
      const processes = count();
      if (processes !== undefined && processes > limit) {
        exceed();
        log.warn({ processes, limit }, 'too many processes: killing them and ending the session');
        killAll();
      }
      await delay(isUsed() ? everyMs.used : everyMs.unused, undefined, { signal }).catch(() => {});
    }
  }

  return { exceeded, run };
}

// Only in a container, where all visible processes may be killed: its first process is this one or its parent.
function countProcesses(): number | undefined {
  if (process.pid !== 1 && process.ppid !== 1) return undefined;
  for (const file of counters) {
    try {
      return Number(readFileSync(file, 'utf8'));
    } catch {}
  }
  return undefined;
}

// One call for all of them, because killing them one by one would be too slow. The kernel spares the caller and the first process.
const killAllOthers = (): void => {
  process.kill(-1, 'SIGKILL');
};
