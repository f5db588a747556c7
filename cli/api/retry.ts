// Which failed requests are repeated, and when.

import { pauseMs } from '../../common/backoff.ts';
import type { ApiError } from './api.ts';

/** How long to retry a server that has answered before: it may be restarting. */
export const patienceMs = 60_000;
/** The client waits for limits per minute, in seconds. Other limits last until a terminal ends. */
const maxRetryAfter = 60;

/** Whether a retry cannot succeed. */
export function isPermanent({ code, retryable, retryAfter }: ApiError): boolean {
  if (code === 'too-many-requests') return retryAfter === undefined || retryAfter > maxRetryAfter;
  return !retryable;
}

/** Whether the host is unknown or its certificate untrusted, which a restart of the server does not change. */
export function isWrongAddress({ code, cause }: ApiError): boolean {
  const reason = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  return code === 'unreachable' && /^ENOTFOUND$|CERT|SELF_SIGNED/.test(reason);
}

/** The pause after the `failures`-th failure in a row, in milliseconds. */
export const retryMs = ({ retryAfter }: ApiError, failures: number): number =>
  retryAfter ? retryAfter * 1_000 : pauseMs(failures, Math.random());
