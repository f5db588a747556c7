// Ends a session that has too many processes, such as a fork bomb: a container has no limit of its own unless the node's
// kubelet was given one (podPidsLimit), and its limit of memory leaves room for thousands, which its neighbours notice.

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';

// Of the container's own cgroup, as it is mounted in there: version 1, version 2.
const counters = ['/sys/fs/cgroup/pids/pids.current', '/sys/fs/cgroup/pids.current'];
// A bomb doubles in a few milliseconds, and what memory there is, is full after some hundreds or thousands. That this process
// has its turn beside them is what the priority of the shell is for. While nobody has come, nobody lights one.
const everyMs = { unused: 1_000, used: 100 };

export type ProcessLimit = {
  /** Resolves when there were too many. Never rejects. */
  exceeded: Promise<void>;
  /** Counts until `signal`. */
  run: (signal: AbortSignal) => Promise<void>;
};

export type ProcessLimitOptions = {
  /** Processes and threads. */
  limit: number;
  /** Whether anybody has come yet. */
  isUsed: () => boolean;
  /** How many there are now; undefined where it cannot be known. */
  count?: () => number | undefined;
  /** Ends all but this process. */
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
    if (count() === undefined) log.info('processes are not counted here: there is no limit of them');
    while (!signal.aborted) {
      const processes = count();
      if (processes !== undefined && processes > limit) {
        exceed();
        log.warn({ processes, limit }, 'too many processes');
        killAll();
      }
      await delay(isUsed() ? everyMs.used : everyMs.unused, undefined, { signal }).catch(() => {});
    }
  }

  return { exceeded, run };
}

// Only where everything that can be seen is ours to end: in a container, whose first process is this one or its parent.
function countProcesses(): number | undefined {
  if (process.pid !== 1 && process.ppid !== 1) return undefined;
  for (const file of counters) {
    try {
      return Number(readFileSync(file, 'utf8'));
    } catch {}
  }
  return undefined;
}

// One call for all of them: whoever went through them one by one would always be behind. The kernel spares the caller and
// the first process.
const killAllOthers = (): void => {
  process.kill(-1, 'SIGKILL');
};
