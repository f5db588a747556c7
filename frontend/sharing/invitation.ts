// A guest's way in: the link in the fragment of the page's address (`#share=`). A guest sends no visitor id, and has nothing to do
// with the terminal that this browser may have.

import { forPage } from '../../common/route.ts';
import type { OpenedLink } from '../../common/terminals-api.ts';
import { urlOf } from '../base.ts';
import { failedBy, foreignAnswer, isProblem } from '../session/answers.ts';
import type { Event } from '../session/state.ts';
import { stored } from '../session/storage.ts';

// As in common/terminals-api.ts, whose types are checked; its code would bring all of zod along.
const path: typeof import('../../common/terminals-api.ts').paths.openLink = '/api/links/open';
const parameter: typeof import('../../common/terminals-api.ts').linkParameter = 'share';
const deadlineMs = 20_000;

const name = stored('warmterm-guest-name');
// Survives a reload, so that the guest is the same person after it.
const secret = stored('warmterm-guest');

/** The token of the link that this page was opened with; undefined for a page of the visitor's own. */
export const linkToken = (): string | undefined =>
  new URLSearchParams(location.hash.slice(1)).get(parameter) ?? undefined;

/** The address of this page with a link in it. */
export function addressOf(token: string): string {
  const address = new URL(location.href);
  address.search = '';
  address.hash = `${parameter}=${token}`;
  return address.href;
}

/** The pool of the terminal that was opened last: the relay needs it. */
let pool: string | undefined;
export const sharedPool = (): string | undefined => pool;

/** Asks by `askName` who comes, once for the life of the tab, and then for the terminal. Never rejects. */
export async function openLink(token: string, askName: () => Promise<string>, signal?: AbortSignal): Promise<Event> {
  if (name.get() === undefined) name.set(await askName());
  if (secret.get() === undefined) secret.set(randomSecret());
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const response = await fetch(urlOf(path), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      redirect: 'manual',
      body: JSON.stringify({ token, name: name.get(), guest: secret.get() }),
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok && isProblem(body)) return failedBy(body);
    if (!response.ok || !isOpenedLink(body)) return foreignAnswer(response, path);
    pool = body.pool;
    return { type: 'opened', opened: forPage({ ...body, status: 'reconnected' }, location.protocol) };
  } catch {
    return { type: 'failed', why: { code: deadline.aborted ? 'timeout' : 'unreachable', detail: '' }, retryable: true };
  }
}

const isOpenedLink = (body: unknown): body is OpenedLink =>
  typeof body === 'object' && body !== null && 'url' in body && 'ticket' in body && 'pool' in body;

// 22 characters of base64url: 128 bits.
function randomSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}
