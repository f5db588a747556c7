// Time limits for the end of a session besides the hook, in milliseconds. A deleted pod has its terminationGracePeriodSeconds for these and
// the hook: the chart and local/pool.ts add ten seconds to the hook's timeout.

export const endBudget = {
  /** To ask the manager who deleted the pod. */
  whoEnded: 3_000,
  /** To end the runs: longer than until their SIGKILL (runs/run.ts). */
  runs: 3_000,
  /** To read the rest of the hook's output, which a child of it may hold open. */
  hookOutput: 200,
  /** To end tmux, with the shell. */
  tmux: 1_000,
  /** For pages to read the last event. */
  lastWord: 200,
} as const;
