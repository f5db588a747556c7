// The identity of a command-line client, which `warmterm open` hands to this tab in the fragment of the address: no server ever
// sees that. It counts in this tab only. The browser's own identity stays as it is, and counts everywhere else.
//
// An attacker could send a link with an identity of their own, and the visitor would type into the attacker's terminal. The page
// therefore asks first.

import { stored } from '../session/storage.ts';
import { isId } from './agree.ts';

const name = 'visitor';
const kept = stored('warmterm-handed');

const offered = takeOffer();
let id = kept.get();

/** Undefined where this tab is the browser's own visitor, as most are. */
export const handedId = (): string | undefined => id;

/** Asks the person whether the identity that has come with the address counts, if one has. */
export async function settleOffer(): Promise<void> {
  if (offered === undefined || offered === id) return;
  if (!(await isWanted())) return;
  id = offered;
  kept.set(offered);
}

/** This tab is the browser's own visitor from now on. */
export function dropHandedId(): void {
  id = undefined;
  kept.clear();
}

// In a tab that shows the page already, another fragment loads nothing.
addEventListener('hashchange', () => {
  if (readOffer() !== undefined) location.reload();
});

/** Reads the fragment, and removes it from the address bar and the history at once, also when it is no identity. */
function takeOffer(): string | undefined {
  const given = readOffer();
  if (given === undefined) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  return isId(given) && /^(browser|tab)\./.test(given) ? given : undefined;
}

function readOffer(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? undefined;
}

async function isWanted(): Promise<boolean> {
  // Where the question does not load, the answer is no.
  const asked = await import('./ask-for-handed-id.ts').catch(() => undefined);
  return asked?.askForHandedId() ?? false;
}
