// When a request that failed is sent again, and when that is of no use.

import { pauseMs } from '../../common/backoff.ts';
import type { ApiError } from './api.ts';

/** How long a server that has answered is asked again: it may be just restarting. */
export const patienceMs = 60_000;
/** A limit on what is asked for within a minute is waited for; others last as long as what reaches them. */
const longestRetryAfter = 60;

/** Whether to ask again is of no use. */
export function isHopeless({ code, retryable, retryAfter }: ApiError): boolean {
  if (code === 'too-many-requests') return retryAfter === undefined || retryAfter > longestRetryAfter;
  return !retryable;
}

/** Whether the host is unknown, or its certificate not trusted: no restart of the server changes that. */
export function isWrongAddress({ code, cause }: ApiError): boolean {
  const reason = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  return code === 'unreachable' && /^ENOTFOUND$|CERT|SELF_SIGNED/.test(reason);
}

/** The pause before the next attempt, in milliseconds, after so many failures. */
export const retryMs = ({ retryAfter }: ApiError, failures: number): number =>
  retryAfter ? retryAfter * 1_000 : pauseMs(failures, Math.random());
