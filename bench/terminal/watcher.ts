// Waits for words in a terminal's output, by a text search only, so that it keeps up with a flood.

import type { Client } from './protocols.ts';

export type Watcher = {
  types: (text: string) => void;
  pastes: Client['pastes'];
  /** Resolves with the time at which a piece of output completes `word`, counted from now on. */
  sees: (word: string) => Promise<number>;
  /** Bytes of output so far. */
  bytes: () => number;
  close: () => void;
};

const patienceMs = 120_000;

export function watch(client: Client): Watcher {
  let bytes = 0;
  let carry = Buffer.alloc(0);
  let waiting: { word: Buffer; resolve: (at: number) => void } | undefined;
  client.onOutput((piece) => {
    bytes += piece.length;
    if (!waiting) return;
    const text = carry.length > 0 ? Buffer.concat([carry, piece]) : piece;
    if (!text.includes(waiting.word)) {
      carry = Buffer.from(text.subarray(Math.max(0, text.length - waiting.word.length + 1)));
      return;
    }
    const { resolve } = waiting;
    waiting = undefined;
    resolve(performance.now());
  });
  return {
    types: client.types,
    pastes: client.pastes,
    sees: (word) =>
      new Promise((resolve, reject) => {
        carry = Buffer.alloc(0);
        const timer = setTimeout(() => reject(new Error(`It was never printed: ${word}`)), patienceMs);
        waiting = {
          word: Buffer.from(word),
          resolve: (at) => {
            clearTimeout(timer);
            resolve(at);
          },
        };
      }),
    bytes: () => bytes,
    close: client.close,
  };
}
