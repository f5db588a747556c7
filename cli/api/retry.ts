// When a request that failed is sent again, and when that is of no use.

import { pauseMs } from '../../common/backoff.ts';
import type { ApiError } from './api.ts';

/** How long a server that has answered is asked again: it may be just restarting. */
export const patienceMs = 60_000;
/** The client waits for a limit of claims per minute, in seconds. Other limits last until a terminal ends. */
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

/** The pause after the `failures`-th failure in a row, in milliseconds. */
export const retryMs = ({ retryAfter }: ApiError, failures: number): number =>
  retryAfter ? retryAfter * 1_000 : pauseMs(failures, Math.random());
