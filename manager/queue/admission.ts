// Whether a pool takes new visitors, and the error for them if it does not.

import { ServiceError } from '../../common/errors.ts';
import type { Pool } from '../model/pool.ts';

/** When a client retries for a pool without a StatefulSet. Much shorter than a new StatefulSet needs for its first pod. */
export const awayRetrySeconds = 5;

/** The error for a visitor without a terminal of the pool. Undefined if the pool accepts visitors. */
export function refusalOf(pool: Pool): ServiceError | undefined {
  if (!pool.spec) return poolAway(pool.name);
  if (pool.settings.max === 0) return new ServiceError('pool-closed', 'This pool is closed to new visitors.');
  if (pool.spec.claimTemplates) {
    const message = `The pool ${pool.name} is misconfigured: its StatefulSet has volumeClaimTemplates, and its disks would pass from one visitor to the next.`;
    return new ServiceError('unavailable', message, { retryAfter: 60 });
  }
  return undefined;
}

/** The error for a pool whose StatefulSet was deleted recently. */
export const poolAway = (name: string): ServiceError =>
  new ServiceError('unavailable', `The StatefulSet of the pool ${name} is being recreated.`, {
    retryAfter: awayRetrySeconds,
  });
