// Counters of this manager's actions. Each is incremented where the action happens.

import { Counter, Histogram, Registry } from 'prom-client';
import { type ReviewResult, reviewResults } from '../api/review-queue.ts';
import type { ClaimOutcome } from '../claims/types.ts';
import { reapReasons } from '../plan/plan.ts';
import type { ActionKind } from '../reconcile/action-runner.ts';
import type { Done } from '../reconcile/actions/context.ts';

const actionsWithoutReason = ['scale-up', 'scale-down', 'replace', 'retry'] as const;
/** The most frequent results of claims, and those that alerts watch. */
const usualResults = ['new', 'reconnected', 'waiting', 'unavailable', 'timeout', 'internal', 'conflict'] as const;

export type Counters = ReturnType<typeof createCounters>;

export function createCounters() {
  const registry = new Registry();
  const registers = [registry];
  const claims = new Counter({
    name: 'warmterm_claims_total',
    help: 'Claims by result: new, reconnected, waiting, abandoned by the visitor, or the code of an error',
    labelNames: ['pool', 'result'],
    registers,
  });
  const claimSeconds = new Histogram({
    name: 'warmterm_claim_duration_seconds',
    help: 'Time from the request to a newly claimed terminal, including the wait in the queue',
    labelNames: ['pool'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const hits = new Counter({
    name: 'warmterm_claim_hits_total',
    help: 'New visitors who got a ready terminal at once',
    labelNames: ['pool'],
    registers,
  });
  const misses = new Counter({
    name: 'warmterm_claim_misses_total',
    help: 'New visitors who waited for a terminal, or gave up before there was one',
    labelNames: ['pool'],
    registers,
  });
  const actions = new Counter({
    name: 'warmterm_pool_actions_total',
    help: 'Actions of this manager: scale-up, scale-down, replace, retry, or reap with its reason',
    labelNames: ['pool', 'action', 'reason'],
    registers,
  });
  const failures = new Counter({
    name: 'warmterm_actions_failed_total',
    help: 'Actions that failed and are retried, by kind',
    labelNames: ['action'],
    registers,
  });
  const requests = new Counter({
    name: 'warmterm_kubernetes_requests_total',
    help: 'Requests to the Kubernetes API by HTTP method and status; status 0 means no answer',
    labelNames: ['verb', 'code'],
    registers,
  });
  const reviews = new Counter({
    name: 'warmterm_token_reviews_total',
    help: 'Reviews of callers’ tokens by result: valid, invalid, unanswered by the Kubernetes API, or refused because the source sent too many',
    labelNames: ['result'],
    registers,
  });
  for (const result of reviewResults) reviews.inc({ result }, 0);
  const watchRestarts = new Counter({
    name: 'warmterm_kubernetes_watch_restarts_total',
    help: 'Watches of the Kubernetes API that broke and were restarted',
    labelNames: ['resource'],
    registers,
  });

  return {
    registry,
    /**
     * Sets the counters of a pool to 0. Prometheus sees no increase in a series that starts at 1, and a rate of a missing series
     * has no value.
     */
    startPool(pool: string): void {
      hits.inc({ pool }, 0);
      misses.inc({ pool }, 0);
      for (const result of usualResults) claims.inc({ pool, result }, 0);
      for (const action of actionsWithoutReason) actions.inc({ pool, action, reason: '' }, 0);
      for (const reason of reapReasons) actions.inc({ pool, action: 'reap', reason }, 0);
    },
    claimed({ pool, result, ms, waited }: ClaimOutcome): void {
      claims.inc({ pool, result });
      if (result === 'new' && !waited) hits.inc({ pool });
      if (waited && (result === 'new' || result === 'abandoned')) misses.inc({ pool });
      if (result === 'new') claimSeconds.observe({ pool }, ms / 1_000);
    },
    done: ({ pool, action, reason }: Done): void => actions.inc({ pool, action, reason: reason ?? '' }),
    failed: (action: ActionKind): void => failures.inc({ action }),
    reviewed: (result: ReviewResult): void => reviews.inc({ result }),
    requested: (verb: string, code: number): void => requests.inc({ verb, code }),
    /** `path`: the path of the collection, such as /api/v1/nodes. */
    watchBroke: (path: string): void => watchRestarts.inc({ resource: path.slice(path.lastIndexOf('/') + 1) }),
  };
}
