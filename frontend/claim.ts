// The first thing that runs, in a module of its own: asks for the terminal while the rest of the page is loading.

import { leaveLine, requestTerminal, type Wish } from './session/request-terminal.ts';
import type { Event } from './session/state.ts';
import { tabId } from './session/tab-id.ts';

const pool = new URLSearchParams(location.search).get('pool');

/** Asks for a terminal, in the pool that the page's address names (`?pool=`), with what the page knows by now. */
export const claim = (signal?: AbortSignal, known?: Pick<Wish, 'place' | 'solution'>): Promise<Event> =>
  requestTerminal({ ...known, tab: tabId, pool }, signal);

/** Somebody else may have this page's place in line. */
export const leave = (): void => leaveLine({ tab: tabId, pool });

/** What the relay is told, because a WebSocket has no headers and no body to tell it by. */
export const relayQuery: Record<string, string> = { tab: tabId, ...(pool !== null && { pool }) };

/** The answer to the claim that this page began with. */
export const firstClaim: Promise<Event> = visited().then(() => claim());

// A browser may load pages ahead that nobody ever looks at; those must not take a terminal.
async function visited(): Promise<void> {
  if (!('prerendering' in document) || !document.prerendering) return;
  await new Promise<void>((resolve) => {
    document.addEventListener('prerenderingchange', () => resolve(), { once: true });
  });
}
