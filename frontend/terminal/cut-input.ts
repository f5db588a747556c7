// Cuts input into pieces that a socket takes, never within a character. Pure.

/** `data` in pieces of at most `max` (2 or more) characters or bytes. */
export function* cutInput<T extends string | Uint8Array>(data: T, max: number): Generator<T> {
  for (let from = 0; from < data.length; ) {
    let to = Math.min(from + max, data.length);
    if (typeof data === 'string' && to < data.length && isHighSurrogate(data.charCodeAt(to - 1))) to -= 1;
    yield data.slice(from, to) as T;
    from = to;
  }
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
