// POST /api/terminals, as an event for the state machine.

import type { Promised } from '../../common/manager-api.ts';
import type { OpenAnswer, Opened } from '../../common/terminals-api.ts';
import { forPage } from '../../common/way.ts';
import { call, callAndForget } from '../identity/call.ts';
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
    if (!response.ok) return toFailed(response.status, body, run !== null);
    if (isOpened(body)) return { type: 'opened', opened: forPage(body, location.protocol) };
    if (isWaiting(body)) return { type: 'queued', queue: body };
    return { type: 'failed', why: { code: 'internal', detail: '' }, retryable: false };
  } catch {
    const code = deadline.aborted ? 'timeout' : 'unreachable';
    return { type: 'failed', why: { code, detail: '' }, retryable: true };
  }
}

/** Gives up the place in line, also while the page is going. */
export function leaveLine({ pool }: Pick<Wish, 'pool'>): void {
  callAndForget(pool === null ? placePath : `${placePath}?pool=${encodeURIComponent(pool)}`, 'DELETE');
}

type Problem = Failure & { retryable: boolean; retryAfter?: number; challenge?: unknown };

function toFailed(status: number, body: unknown, ofRun: boolean): Event {
  if (isProblem(body)) {
    if (ofRun && body.code === 'session-not-found') return runIsOver;
    const { code, detail, limit, retryable, retryAfter, challenge } = body;
    const common = {
      why: { code, detail, ...(limit && { limit }) },
      ...(retryAfter === undefined ? {} : { retryAfter }),
    };
    if (challenge !== undefined) return { type: 'challenged', challenge, ...common };
    return { type: 'failed', retryable, ...common };
  }
  // Not one of ours: a proxy that wants a person to sign in again,
  if (status === 401) return { type: 'failed', why: { code: 'unauthenticated', detail: '' }, retryable: false };
  // or one in between that is restarting, or in the way.
  return { type: 'failed', why: { code: 'unavailable', detail: '' }, retryable: status >= 500 || status === 429 };
}

/** There is no terminal of the run. */
export const runIsOver: Event = { type: 'failed', why: { code: 'run-over', detail: '' }, retryable: false };

const isProblem = (body: unknown): body is Problem =>
  has(body, 'code', 'string') && has(body, 'detail', 'string') && has(body, 'retryable', 'boolean');

const isOpened = (body: unknown): body is Opened =>
  has(body, 'url', 'string') && has(body, 'ticket', 'string') && has(body, 'name', 'string');

const isWaiting = (body: unknown): body is Extract<OpenAnswer, { status: 'waiting' }> =>
  has(body, 'place', 'number') && has(body, 'waiting', 'number');

const has = (body: unknown, field: string, type: string): boolean =>
  typeof body === 'object' && body !== null && typeof (body as Record<string, unknown>)[field] === type;
