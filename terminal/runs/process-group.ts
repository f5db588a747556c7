// Signals a command's process group, as long as the group is certain to be its own.

import type { Termination } from './command.ts';

export class ProcessGroup {
  readonly #pid: number;
  readonly #timers: NodeJS.Timeout[] = [];
  #ended = false;

  /** `pid`: the group's leader, a child that has not been waited for. */
  constructor(pid: number) {
    this.#pid = pid;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#ended) this.#send(name);
  }

  terminate(plan: Termination): boolean {
    if (this.#ended) return false;
    for (const [signal, afterMs] of plan) {
      if (afterMs === 0) this.#send(signal);
      else this.#timers.push(setTimeout(() => this.signal(signal), afterMs));
    }
    this.#terminated = true;
    return true;
  }

  #terminated = false;

  /** The leader has ended. Call it at once: the kernel may reuse its number. */
  ended(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    if (this.#terminated) this.#send('SIGKILL');
  }

  #send(name: NodeJS.Signals): void {
    try {
      process.kill(-this.#pid, name);
    } catch {
      // It has just ended, or its user has changed.
    }
  }
}
