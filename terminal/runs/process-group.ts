// Signals to a command and all that it has started, for as long as it is certain that the group is still its own.

import type { Termination } from './command.ts';

export class ProcessGroup {
  readonly #pid: number;
  readonly #timers: NodeJS.Timeout[] = [];
  #ended = false;

  /** `pid`: of the group's leader, a child that has not been waited for. */
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

  /** The leader has ended. To be called at once: the kernel may give its number to another process later. */
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
      // It has just ended, or belongs to another user by now.
    }
  }
}
