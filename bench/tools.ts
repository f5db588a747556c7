// Small things that several benches need.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** Asks until it holds, every `everyMs`; gives up after `patienceMs`. */
export async function until(holds: () => Promise<boolean>, everyMs = 20, patienceMs = 60_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It takes too long.');
    await delay(everyMs);
  }
}

/** Sends an order to a process that was forked, and gives its answer. Rejects if the process ends instead. */
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
