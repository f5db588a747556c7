// What a browser keeps for a page. It may forbid that altogether; then it is kept in this tab's history entry, which survives a
// reload and ends with the tab. No other origin can read either of them.

import { baseUrl } from '../base.ts';

export type Stored = {
  get: () => string | undefined;
  set: (value: string) => void;
  clear: () => void;
};

/** `name` for what this installation keeps: others of the same origin, below other path prefixes, have other visitor ids. */
export function keyHere(name: string): string {
  const { pathname } = baseUrl();
  return pathname === '/' ? name : `${name} ${pathname}`;
}

/** What lies under `name` for as long as this tab does, or for all tabs of this browser for ever. */
export const stored = (name: string, keeper: 'tab' | 'browser' = 'tab'): Stored => {
  const key = keyHere(name);
  const storage = () => (keeper === 'tab' ? sessionStorage : localStorage);
  return {
    get: () =>
      attempt(
        () => storage().getItem(key),
        () => inHistory()[key],
      ) ?? undefined,
    set: (value) =>
      attempt(
        () => storage().setItem(key, value),
        () => putInHistory({ ...inHistory(), [key]: value }),
      ),
    clear: () =>
      attempt(
        () => storage().removeItem(key),
        () => putInHistory({ ...inHistory(), [key]: undefined }),
      ),
  };
};

/** Whether this browser lets the page keep anything for longer than this tab. */
export function canKeep(): boolean {
  const key = 'warmterm-try';
  return attempt(
    () => {
      localStorage.setItem(key, '');
      localStorage.removeItem(key);
      return true;
    },
    () => false,
  );
}

function attempt<T>(use: () => T, otherwise: () => T): T {
  try {
    return use();
  } catch {
    return otherwise();
  }
}

function inHistory(): Record<string, string | undefined> {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null ? (state as Record<string, string>) : {};
}

function putInHistory(state: Record<string, string | undefined>): void {
  history.replaceState(state, '');
}
