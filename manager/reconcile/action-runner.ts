// Runs the actions of the controller: equal actions never overlap, and a failed one waits for a back-off. Nothing is retried here,
// because the controller plans a failed action again.

import { pauseMs } from '../../common/backoff.ts';
import type { Logger } from '../../common/log.ts';

export const actionKinds = [
  'scale',
  'shrink',
  'replace',
  'reap',
  'retry',
  'expose',
  'route',
  'restore',
  'withdraw',
  'warn',
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** Two actions with equal keys are the same action. `target`: an ordinal, a UID or a reason; absent for the pool as a whole. */
export type ActionKey = { kind: ActionKind; pool: string; target?: number | string };

export type Action = { key: ActionKey; run: () => Promise<void> };

export type ActionRunnerOptions = {
  log: Logger;
  clock: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Called for each failure. */
  onFailure: (kind: ActionKind) => void;
};

const backoff = { firstMs: 500, maxMs: 30_000 };

export class ActionRunner {
  readonly #options: ActionRunnerOptions;
  readonly #running = new Set<string>();
  readonly #failed = new Map<string, { failures: number; notBefore: number }>();

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
  }

  /** Starts the action, unless it is running or its back-off has not passed. */
  run({ key, run }: Action): void {
    const id = idOf(key);
    const { clock } = this.#options;
    const notBefore = this.#failed.get(id)?.notBefore ?? Number.NEGATIVE_INFINITY;
    if (this.#running.has(id) || clock() < notBefore) return;
    this.#running.add(id);
    run()
      .then(
        () => void this.#failed.delete(id),
        (error: unknown) => this.#noteFailure(key, error),
      )
      .finally(() => this.#running.delete(id));
  }

  /** Forgets failures of actions that are no longer planned, such as the deletion of a pod that no longer exists. */
  forgetOldFailures(): void {
    const longAgo = this.#options.clock() - backoff.maxMs;
    for (const [id, { notBefore }] of this.#failed) if (notBefore < longAgo) this.#failed.delete(id);
  }

  #noteFailure(key: ActionKey, error: unknown): void {
    const { clock, random, log, onFailure } = this.#options;
    const id = idOf(key);
    const failures = (this.#failed.get(id)?.failures ?? 0) + 1;
    const retryInMs = pauseMs(failures, random(), backoff);
    this.#failed.set(id, { failures, notBefore: clock() + retryInMs });
    onFailure(key.kind);
    log.warn({ ...key, err: error, failures, retryInMs }, 'action on a pool failed, trying again');
  }
}

const idOf = ({ kind, pool, target = '' }: ActionKey): string => `${kind} ${pool} ${target}`;
