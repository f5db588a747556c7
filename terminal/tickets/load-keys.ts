// Fetches the manager's keys at startup. Without them a terminal is not ready.

import { toServiceError } from '../../common/errors.ts';
import type { KeySet } from '../../common/key-set.ts';
import type { Logger } from '../../common/log.ts';
import { retry } from '../../common/retry.ts';

/** Loads the keys, retrying until it succeeds. */
export const loadKeys = ({ refresh }: KeySet, { log, signal }: { log: Logger; signal: AbortSignal }): Promise<void> =>
  retry(refresh, {
    signal,
    firstMs: 50,
    maxMs: 5_000,
    onFirstFailure: (error) =>
      log.warn({ err: toServiceError(error) }, 'could not load the manager’s keys; retrying, and not ready until then'),
  });
