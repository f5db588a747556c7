// Runs the actions of one key in sequence.

export type Serializer = <T>(key: string, action: () => Promise<T>) => Promise<T>;

export function createSerializer(): Serializer {
  /** The last action of each key. */
  const last = new Map<string, Promise<unknown>>();
  return async (key, action) => {
    const running = (last.get(key) ?? Promise.resolve()).then(action, action);
    last.set(key, running);
    try {
      return await running;
    } finally {
      if (last.get(key) === running) last.delete(key);
    }
  };
}
