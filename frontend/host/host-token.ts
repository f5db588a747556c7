// The host token: it comes in the fragment of the link, which no server ever sees, or is typed in, and stays in this tab.

import { stored } from '../session/storage.ts';

const kept = stored('warmterm-host-token');

/** The token of `/host#token=...`, taken out of the address bar and the history; undefined if there is none. */
export function takeHostToken(): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    history.replaceState(null, '', location.pathname);
    keepHostToken(given);
  }
  return given ?? kept.get();
}

/** Keeps the token for reloads of this tab. */
export const keepHostToken = (token: string): void => kept.set(token);

export const forgetHostToken = (): void => kept.clear();
