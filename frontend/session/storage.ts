// What a browser keeps for a page, as far as it is allowed: it may be forbidden altogether, and then nothing outlives a
// reload.

export type Stored = {
  get: () => string | undefined;
  set: (value: string) => void;
  clear: () => void;
};

/** What lies under `key` for as long as this tab does, or for all tabs of this browser for ever. */
export const stored = (key: string, keeper: 'tab' | 'browser' = 'tab'): Stored => {
  const storage = () => (keeper === 'tab' ? sessionStorage : localStorage);
  return {
    get: () => attempt(() => storage().getItem(key)) ?? undefined,
    set: (value) => attempt(() => storage().setItem(key, value)),
    clear: () => attempt(() => storage().removeItem(key)),
  };
};

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
