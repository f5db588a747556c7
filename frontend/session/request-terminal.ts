// POST /api/terminals, as an event for the state machine.

import type { Opened } from '../../common/terminals-api.ts';
import type { Event, Failure } from './state.ts';
import { forPage } from './way.ts';

// As in common/terminals-api.ts, whose types are checked below; its code would bring all of zod along.
const path: typeof import('../../common/terminals-api.ts').paths.terminals = '/api/terminals';
const tabHeader: typeof import('../../common/terminals-api.ts').tabHeader = 'x-warmterm-tab';

/** Longer than the webserver takes to give up on the manager. */
const deadlineMs = 20_000;

/** Claims this visitor's terminal, or asks for a new ticket to it. Never rejects. */
export async function requestTerminal(tab: string, pool: string | null, signal?: AbortSignal): Promise<Event> {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [tabHeader]: tab },
      body: JSON.stringify(pool === null ? {} : { pool }),
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) return toFailed(response.status, body);
    if (isOpened(body)) return { type: 'opened', opened: forPage(body, location.protocol) };
    return { type: 'failed', why: { code: 'internal', detail: '' }, retryable: false };
  } catch {
    const code = deadline.aborted ? 'timeout' : 'unreachable';
    return { type: 'failed', why: { code, detail: '' }, retryable: true };
  }
}

type Problem = { code: Failure['code']; detail: string; retryable: boolean; retryAfter?: number };

function toFailed(status: number, body: unknown): Event {
  if (isProblem(body)) {
    const { code, detail, retryable, retryAfter } = body;
    return { type: 'failed', why: { code, detail }, retryable, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }
  // Not one of ours: a proxy in between that is restarting, or in the way.
  return { type: 'failed', why: { code: 'unavailable', detail: '' }, retryable: status >= 500 || status === 429 };
}

const isProblem = (body: unknown): body is Problem =>
  has(body, 'code', 'string') && has(body, 'detail', 'string') && has(body, 'retryable', 'boolean');

const isOpened = (body: unknown): body is Opened =>
  has(body, 'url', 'string') && has(body, 'ticket', 'string') && has(body, 'name', 'string');

const has = (body: unknown, field: string, type: string): boolean =>
  typeof body === 'object' && body !== null && typeof (body as Record<string, unknown>)[field] === type;
