// What a visitor in line was last promised, kept over a reload: the page asks with it again, and is told the same.

import type { Promised } from '../../common/manager-api.ts';
import type { Event } from './state.ts';
import { stored } from './storage.ts';

/** A visitor who comes back later has lost the place. A reload takes no longer. */
const lastsMs = 60_000;

export type KeptPromise = {
  get: () => Promised | undefined;
  /** Keeps what an answer promises. With any other end of the wait it is forgotten. */
  note: (answer: Event) => void;
};

export function keepPromise(pool: string | null): KeptPromise {
  const kept = stored(pool === null ? 'warmterm-promised' : `warmterm-promised ${pool}`);
  return {
    get() {
      try {
        const { at, promised } = JSON.parse(kept.get() ?? '{}') as { at?: number; promised?: Promised };
        return at !== undefined && Date.now() - at < lastsMs ? promised : undefined;
      } catch {
        return undefined;
      }
    },
    note(answer) {
      const promised = answer.type === 'queued' ? answer.queue.promised : undefined;
      if (promised) kept.set(JSON.stringify({ at: Date.now(), promised }));
      else if (answer.type !== 'failed' || !answer.retryable) kept.clear();
    },
  };
}
