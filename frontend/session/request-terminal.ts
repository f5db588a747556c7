// POST /api/terminals, as an event for the state machine.

import type { Promised } from '../../common/manager-api.ts';
import { forPage } from '../../common/route.ts';
import type { OpenAnswer, Opened } from '../../common/terminals-api.ts';
import { policyForbids } from '../barrier.ts';
import { call, callAndForget, UnknownVisitor } from '../identity/call.ts';
import { failedBy, foreignAnswer, has, isProblem } from './answers.ts';
import type { Event, Failure, Solution } from './state.ts';

// As in common/terminals-api.ts, whose types are checked below; its code would bring all of zod along.
const path: typeof import('../../common/terminals-api.ts').paths.terminals = '/api/terminals';
const placePath: typeof import('../../common/terminals-api.ts').paths.place = '/api/terminals/place';

/** Longer than the webserver takes to give up on the manager. */
const deadlineMs = 20_000;

export type Wish = {
  pool: string | null;
  /** A run's terminal is never claimed here: who has started the run has claimed it. */
  run: string | null;
  /** The place in line that was last told. */
  place?: number | undefined;
  /** As that answer had it. */
  promised?: Promised | undefined;
  /** Of the challenge that was last put to this page. */
  solution?: Solution | undefined;
};

/** Claims this visitor's terminal, or asks for a new ticket to it. Never rejects. */
export async function requestTerminal(wish: Wish, signal?: AbortSignal): Promise<Event> {
  const { pool, run, place, promised, solution } = wish;
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const response = await call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      // Our server never redirects this. A proxy does, to a page where a person signs in: not for this request to follow.
      redirect: 'manual',
      body: JSON.stringify({
        ...(pool !== null && { pool }),
        ...(run !== null && { run, existing: true }),
        place,
        promised,
        solution,
      }),
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok && isProblem(body)) return failedBy(body, run !== null);
    if (response.ok && isOpened(body)) return { type: 'opened', opened: forPage(body, location.protocol) };
    if (response.ok && isWaiting(body)) return { type: 'queued', queue: body };
    return foreignAnswer(response, path);
  } catch (error) {
    return { type: 'failed', why: { code: codeOf(error, deadline), detail: '' }, retryable: true };
  }
}

function codeOf(error: unknown, deadline: AbortSignal): Failure['code'] {
  if (error instanceof UnknownVisitor) return error.why === 'removed' ? 'unknown-visitor' : 'visitor-refused';
  if (deadline.aborted) return 'timeout';
  return policyForbids(location.href) ? 'policy' : 'unreachable';
}

/** Gives up the place in line, also while the page is going. */
export function leaveLine({ pool }: Pick<Wish, 'pool'>): void {
  callAndForget(pool === null ? placePath : `${placePath}?pool=${encodeURIComponent(pool)}`, 'DELETE');
}

const isOpened = (body: unknown): body is Opened =>
  has(body, 'url', 'string') && has(body, 'ticket', 'string') && has(body, 'name', 'string');

const isWaiting = (body: unknown): body is Extract<OpenAnswer, { status: 'waiting' }> =>
  has(body, 'place', 'number') && has(body, 'waiting', 'number');
