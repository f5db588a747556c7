// sessionStorage, as far as it is allowed: it may be forbidden altogether, and then nothing outlives a reload.

export type Stored = {
  get: () => string | undefined;
  set: (value: string) => void;
  clear: () => void;
};

/** What lies under `key` for as long as this tab does. */
export const stored = (key: string): Stored => ({
  get: () => attempt(() => sessionStorage.getItem(key)) ?? undefined,
  set: (value) => attempt(() => sessionStorage.setItem(key, value)),
  clear: () => attempt(() => sessionStorage.removeItem(key)),
});

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
