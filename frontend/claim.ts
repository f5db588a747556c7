// The first thing that runs, in a module of its own: asks for the terminal while the rest of the page is loading.

import { settleOffer } from './identity/handed-id.ts';
import { keepPromise } from './session/kept-promise.ts';
import { leaveLine, requestTerminal, type Wish } from './session/request-terminal.ts';
import type { Event } from './session/state.ts';
import { linkToken, openLink, sharedPool } from './sharing/invitation.ts';

const address = new URLSearchParams(location.search);
/** The pool that the page's address names (`?pool=`). */
export const pool = address.get('pool');
const token = linkToken();
/** Whether this page was opened by a link to the terminal of another visitor. */
export const isGuest = token !== undefined;

/** The run whose terminal this page shows (`?run=`); null: the visitor's own terminal. */
export const run = address.get('run');

/** Where the page shows the visitor's own terminal. */
export const ownPage = pool === null ? './' : `./?pool=${encodeURIComponent(pool)}`;

export { findBarrier, knownBarrier } from './barrier.ts';
export { isIdKept } from './identity/call.ts';

const promise = keepPromise(pool);

/** Asks for a terminal, in the pool that the page's address names (`?pool=`), with what the page knows by now. */
export async function claim(
  signal?: AbortSignal,
  known?: Pick<Wish, 'place' | 'promised' | 'solution'>,
): Promise<Event> {
  if (token !== undefined) {
    return openLink(token, () => import('./view/name-form.ts').then(({ askName }) => askName(document.body)), signal);
  }
  const answer = await requestTerminal({ ...known, pool, run }, signal);
  promise.note(answer);
  return answer;
}

/** Somebody else may have this page's place in line. */
export const leave = (): void => leaveLine({ pool });

/** The relay's query: the pool of the visitor's terminal, and its run. The ticket travels apart from it. */
export function relayQuery(): Record<string, string> {
  const shared = sharedPool();
  if (isGuest) return shared === undefined ? {} : { pool: shared };
  return { ...(pool !== null && { pool }), ...(run !== null && { run }) };
}

/** The answer to the claim that this page began with. */
export const firstClaim: Promise<Event> = visited()
  .then(() => (isGuest ? undefined : settleOffer()))
  .then(() => claim(undefined, { promised: promise.get() }));

// A browser may load pages ahead that nobody ever looks at; those must not take a terminal.
async function visited(): Promise<void> {
  if (!('prerendering' in document) || !document.prerendering) return;
  await new Promise<void>((resolve) => {
    document.addEventListener('prerenderingchange', () => resolve(), { once: true });
  });
}
