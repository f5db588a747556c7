// Claims a terminal, with queue and challenge. An existing terminal comes with the first answer.

import { setTimeout as delay } from 'node:timers/promises';
import type { Waiting } from '../../common/manager-api.ts';
import type { Opened } from '../../common/terminals-api.ts';
import { Failure } from '../failure.ts';
import { type Api, ApiError, type OpenWish, type Target } from './api.ts';
import { isPermanent, isWrongAddress, patienceMs, retryMs } from './retry.ts';

/** How long to retry a server that has never answered: its address may be wrong. */
const firstPatienceMs = 5_000;

export type ClaimPorts = {
  api: Pick<Api, 'open' | 'server'>;
  solve: (challenge: unknown, signal: AbortSignal) => Promise<Record<string, unknown>>;
  /** Called with each new position; with undefined when the waiting is over. */
  onQueue: (waiting: Waiting | undefined) => void;
  onSolving: () => void;
  /** Called with the failure before each further attempt. */
  onRetry: (why: string) => void;
};

/** Throws a Failure with advice, or the reason of `signal`. */
export async function claim(ports: ClaimPorts, target: Target, signal: AbortSignal): Promise<Opened> {
  const { api, solve, onQueue, onSolving, onRetry } = ports;
  let wish: OpenWish = {};
  let failures = 0;
  // Includes the time of an attempt that got no answer.
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
      } else if (isPermanent(error) || Date.now() - failingSince >= patienceFor(error, reached)) {
        throw toFailure(error);
      } else {
        const { solution: _, ...rest } = wish;
        wish = rest;
        onRetry(error.message);
        await delay(retryMs(error, failures), undefined, { signal });
      }
    }
  }
}

/** `reached`: whether the server has answered before. */
function patienceFor(error: ApiError, reached: boolean): number {
  if (reached) return patienceMs;
  return isWrongAddress(error) ? 0 : firstPatienceMs;
}

/** `error` as a final failure, with advice. */
export function toFailure(error: ApiError): Failure {
  const advice = error.limit?.of === 'visitor' ? ' `warmterm ps` lists yours, `warmterm stop RUN` ends one.' : '';
  return new Failure(error.message + advice, { cause: error });
}
