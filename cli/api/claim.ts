// Claims a terminal, through the queue and the challenge. A terminal that is there comes with the first answer.

import { setTimeout as delay } from 'node:timers/promises';
import { pauseMs } from '../../common/backoff.ts';
import type { Waiting } from '../../common/manager-api.ts';
import type { Opened } from '../../common/terminals-api.ts';
import { Failure } from '../failure.ts';
import { type Api, ApiError, type OpenWish, type Target } from './api.ts';

/** How long a server that answers may say that it cannot just now; one that was reached once may be gone as long. */
export const patienceMs = 60_000;
/** How long one is tried that has not answered yet, and may be just restarting. An address that is wrong is found out soon. */
const firstPatienceMs = 5_000;
/** A limit on what is asked for within a minute is waited for; others last as long as what reaches them. */
const longestRetryAfter = 60;

export type ClaimPorts = {
  api: Pick<Api, 'open' | 'origin'>;
  solve: (challenge: unknown, signal: AbortSignal) => Promise<Record<string, unknown>>;
  /** Called with each new position; with undefined when the wait is over. */
  onQueue: (waiting: Waiting | undefined) => void;
  onSolving: () => void;
  /** Called with what went wrong before each further attempt. */
  onRetry: (why: string) => void;
};

/** Throws a Failure with what to do; the reason of `signal` when that is aborted. */
export async function claim(ports: ClaimPorts, target: Target, signal: AbortSignal): Promise<Opened> {
  const { api, solve, onQueue, onSolving, onRetry } = ports;
  let wish: OpenWish = {};
  let failures = 0;
  // An attempt that was not answered in time counts, too.
  let failingSince: number | undefined = Date.now();
  let reached = false;
  let solved = 0;
  for (;;) {
    try {
      const answer = await api.open(target, wish, signal);
      reached = true;
      failures = 0;
      failingSince = undefined;
      if (answer.status !== 'waiting') {
        onQueue(undefined);
        return answer;
      }
      onQueue(answer);
      wish = { place: answer.place, promised: answer.promised };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      reached ||= error.code !== 'unreachable';
      failingSince ??= Date.now();
      failures += 1;
      if (error.code === 'challenge-required' && error.challenge !== undefined && solved < 2) {
        solved += 1;
        onSolving();
        wish = { ...wish, solution: await solve(error.challenge, signal) };
      } else if (isHopeless(error) || Date.now() - failingSince >= patienceFor(error, reached)) {
        throw toFailure(error);
      } else {
        const { solution: _, ...rest } = wish;
        wish = rest;
        onRetry(error.message);
        await delay(error.retryAfter ? error.retryAfter * 1_000 : pauseMs(failures, Math.random()), undefined, {
          signal,
        });
      }
    }
  }
}

/** Whether to ask again is of no use. */
export function isHopeless({ code, retryable, retryAfter }: ApiError): boolean {
  if (code === 'too-many-requests') return retryAfter === undefined || retryAfter > longestRetryAfter;
  return !retryable;
}

/** `reached`: whether the server has answered before. */
function patienceFor(error: ApiError, reached: boolean): number {
  if (reached) return patienceMs;
  return isWrongAddress(error) ? 0 : firstPatienceMs;
}

/** No restart makes a host that is unknown known, or its certificate trusted. */
function isWrongAddress({ code, cause }: ApiError): boolean {
  const reason = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  return code === 'unreachable' && /^ENOTFOUND$|CERT|SELF_SIGNED/.test(reason);
}

/** `error` as the last word of the client. */
export function toFailure(error: ApiError): Failure {
  const advice = error.limit?.of === 'visitor' ? ' `warmterm ps` lists yours, `warmterm stop RUN` ends one.' : '';
  return new Failure(error.message + advice, { cause: error });
}
