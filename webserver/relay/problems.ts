// Why the relay refused the last WebSocket of a visitor. A browser does not show that to its page, so the next answer to the page's
// claim does. Each replica knows of its own relay only; a page that keeps asking meets them all.

import type { Opened } from '../../common/terminals-api.ts';

export type RelayProblem = NonNullable<Opened['relayProblem']>;

export type RelayProblems = {
  note(visitor: string, problem: RelayProblem): void;
  clear(visitor: string): void;
  /** Of the last minute. */
  of(visitor: string): RelayProblem | undefined;
};

const keptMs = 60_000;
const maxVisitors = 1_000;

export function createRelayProblems(now: () => number): RelayProblems {
  // The oldest first.
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
