// This visitor's id. The page proposes it, the webserver signs it, and the page keeps it (visitorHeader in
// common/terminals-api.ts). It goes to the webserver only, never to a terminal.

import { stored } from '../session/storage.ts';
import { agree, isId } from './agree.ts';

const inBrowser = stored('warmterm-visitor', 'browser');
// A tab's own id, or a proposal, survives a reload but not a duplication: browsers copy sessionStorage into the duplicate, so it
// lies there only while the tab is out of sight.
const lying = stored('warmterm-visitor-tab');

const found = take();
let proposal = found?.startsWith('new.') ? found : undefined;
let id = found?.startsWith('tab.') ? found : readBrowser();

/** Undefined before the first answer of the webserver. */
export const visitorId = (): string | undefined => id;

/** An id for a new visitor, as a proposal: the same one until an answer brings it signed. */
export function proposedId(): string {
  if (proposal === undefined) {
    proposal = `new.${random()}`;
    putIfHidden();
  }
  return proposal;
}

/**
 * Keeps the id `given` by the webserver in place of `former`, which was none or is not valid. Resolves to the id that counts
 * from now on: another tab may have been given one at the same time, and all tabs of a browser have to be one visitor.
 */
export async function keepId(given: string, former: string | undefined): Promise<string> {
  if (given.startsWith('tab.')) {
    id = given;
    proposal = undefined;
    // Of a time when all tabs were one visitor.
    inBrowser.clear();
    putIfHidden();
    return id;
  }
  id = await agree(given, former);
  proposal = undefined;
  lying.clear();
  inBrowser.set(id);
  return id;
}

addEventListener('pagehide', put);
addEventListener('pageshow', forget);
document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? put() : forget()));

function take(): string | undefined {
  const value = lying.get();
  if (document.visibilityState === 'visible') lying.clear();
  return isId(value) ? value : undefined;
}

function readBrowser(): string | undefined {
  const value = inBrowser.get();
  return isId(value) ? value : undefined;
}

const own = () => proposal ?? (id?.startsWith('tab.') ? id : undefined);

function put(): void {
  const value = own();
  if (value !== undefined) lying.set(value);
}

function putIfHidden(): void {
  if (document.visibilityState === 'hidden') put();
}

function forget(): void {
  if (own() !== undefined) lying.clear();
}

/** 128 random bits, in base64url. */
function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .slice(0, 22);
}
