// Helpers that several benches share.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** Checks every `everyMs` until it holds; gives up after `patienceMs`. */
export async function until(holds: () => Promise<boolean>, everyMs = 20, patienceMs = 60_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It takes too long.');
    await delay(everyMs);
  }
}

/** Sends a command to a forked process, and returns its answer. Rejects if the process ends instead. */
export async function ask<T>(child: ChildProcess, order: object): Promise<T> {
  const ended = new AbortController();
  const { signal } = ended;
  const lost = () => {
    throw new Error('The process that was asked has ended.');
  };
  child.send(order);
  try {
    const [answer] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(lost),
    ]);
    return answer as T;
  } finally {
    ended.abort();
  }
}
