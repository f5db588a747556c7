// Escape sequences as in ssh: `Enter ~ .` leaves, `Enter ~ ~` sends one `~`. Pure.

export type Escape = { feed(typed: Uint8Array): { bytes: Uint8Array; leave: boolean } };

const [tilde, dot, carriageReturn, lineFeed] = [0x7e, 0x2e, 0x0d, 0x0a];

export function createEscape(): Escape {
  let state: 'line start' | 'within' | 'escape' = 'line start';
  return {
    feed(typed) {
      const bytes: number[] = [];
      for (const byte of typed) {
        if (state === 'escape') {
          state = 'within';
          if (byte === dot) return { bytes: Uint8Array.from(bytes), leave: true };
          bytes.push(tilde);
          if (byte === tilde) continue;
        } else if (state === 'line start' && byte === tilde) {
          state = 'escape';
          continue;
        }
        bytes.push(byte);
        state = byte === carriageReturn || byte === lineFeed ? 'line start' : 'within';
      }
      return { bytes: Uint8Array.from(bytes), leave: false };
    },
  };
}
