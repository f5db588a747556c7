// What the end of a session may take beside the hook, in milliseconds. A pod that is deleted has its terminationGracePeriodSeconds
// for all of it and the hook: the chart and local/pool.ts give ten seconds more than the hook may take.

export const endBudget = {
  /** The manager is asked who has the pod deleted. */
  whoEnded: 3_000,
  /** Its runs end: longer than until their SIGKILL (runs/run.ts). */
  runs: 3_000,
  /** A hook that has ended may leave its output to a child of its own. */
  hookOutput: 200,
  /** tmux ends, with the shell. */
  tmux: 1_000,
  /** A page reads the last word. */
  lastWord: 200,
} as const;
