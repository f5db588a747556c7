// Why a pool takes nobody in at the moment, as the answer to a visitor.

import { ServiceError } from '../../common/errors.ts';
import type { Pool } from '../model/pool.ts';

/** How soon a visitor asks again whose pool is away. Far less than a StatefulSet and its first pod take. */
export const awayRetrySeconds = 5;

/** What a visitor who has no terminal of the pool is answered; undefined: the pool takes visitors in. */
export function refusalOf(pool: Pool): ServiceError | undefined {
  if (!pool.spec) return away(pool.name);
  if (pool.settings.max === 0) {
    return new ServiceError('pool-closed', 'This pool is closed: it takes nobody in any more.');
  }
  if (pool.spec.claimTemplates) {
    const message = `The pool ${pool.name} is set up wrongly: its disks would pass from one visitor to the next.`;
    return new ServiceError('unavailable', message, { retryAfter: 60 });
  }
  return undefined;
}

/** The pool has no StatefulSet, and had one a short while ago. */
export const away = (name: string): ServiceError =>
  new ServiceError('unavailable', `The pool ${name} is being made again.`, { retryAfter: awayRetrySeconds });
