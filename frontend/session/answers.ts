// Answers of the webserver that bring no terminal, as events for the state machine. Pure.

import { type Event, type Failure, runIsOver } from './state.ts';

type Problem = Failure & { retryable: boolean; retryAfter?: number; challenge?: unknown };

// Only an operator can fix these. The page keeps trying, so that it continues after the fix.
const byOperator: readonly Failure['code'][] = ['unauthenticated', 'forbidden', 'unknown-host'];

/** What a problem document of the webserver means. `ofRun`: the request was about the terminal of a run. */
export function failedBy({ code, detail, limit, retryable, retryAfter, challenge }: Problem, ofRun = false): Event {
  if (ofRun && code === 'session-not-found') return runIsOver;
  const common = {
    why: { code, detail, ...(limit && { limit }) },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  if (challenge !== undefined) return { type: 'challenged', challenge, ...common };
  return { type: 'failed', retryable: retryable || byOperator.includes(code), ...common };
}

/** An answer of a proxy or captive portal in place of our server. The next attempt may reach the server. */
export function foreignAnswer(response: Pick<Response, 'status' | 'type' | 'headers'>, path: string): Event {
  const { status, type, headers } = response;
  const redirected = type === 'opaqueredirect';
  const media = headers.get('content-type')?.split(';')[0] ?? '';
  const detail = `POST ${path}: ${redirected ? 'a redirect' : `${status} ${media}`.trim()}`;
  return { type: 'failed', why: { code: foreignCode(), detail }, retryable: true };

  function foreignCode(): Failure['code'] {
    // A proxy whose server is restarting, or that is busy.
    if (status >= 500 || status === 429) return 'unavailable';
    const asksPerson = redirected || status === 401 || status === 403 || (status < 300 && media === 'text/html');
    return asksPerson ? 'sign-in' : 'foreign';
  }
}

export const isProblem = (body: unknown): body is Problem =>
  has(body, 'code', 'string') && has(body, 'detail', 'string') && has(body, 'retryable', 'boolean');

/** Whether `body` is an object with such a field. */
export const has = (body: unknown, field: string, type: string): boolean =>
  typeof body === 'object' && body !== null && typeof (body as Record<string, unknown>)[field] === type;
