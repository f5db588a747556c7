// Remembers why the relay refused a visitor's last WebSocket. A browser hides that from its page, so the answer to the page's next claim
// reports it. Each replica knows its own refusals only; a page that keeps asking reaches all replicas.

import type { Opened } from '../../common/terminals-api.ts';

export type RelayProblem = NonNullable<Opened['relayProblem']>;

export type RelayProblems = {
  note(visitor: string, problem: RelayProblem): void;
  clear(visitor: string): void;
  /** The problem of the last minute. */
  of(visitor: string): RelayProblem | undefined;
};

const keptMs = 60_000;
const maxVisitors = 1_000;

export function createRelayProblems(now: () => number): RelayProblems {
  // In order of time, the oldest first.
  const problems = new Map<string, { at: number; problem: RelayProblem }>();
  return {
    note(visitor, problem) {
      problems.delete(visitor);
      problems.set(visitor, { at: now(), problem });
      for (const oldest of problems.keys()) {
        if (problems.size <= maxVisitors) break;
        problems.delete(oldest);
      }
    },
    clear: (visitor) => void problems.delete(visitor),
    of(visitor) {
      const noted = problems.get(visitor);
      return noted && now() - noted.at < keptMs ? noted.problem : undefined;
    },
  };
}
