// Counts how often a text stands in what a pane has shown, while that streams by. Pure; it keeps no more than the end of the
// last piece. What is a match is what tmux finds: without capitals in the text, those of ASCII do not count.

export class MatchCounter {
  readonly #wanted: Buffer;
  readonly #anyCase: boolean;
  #rest = Buffer.alloc(0);
  #count = 0;

  constructor(text: string) {
    this.#wanted = Buffer.from(text);
    this.#anyCase = !/[A-Z]/.test(text);
  }

  /** Matches so far; none overlaps another. */
  get count(): number {
    return this.#count;
  }

  push(piece: Buffer): void {
    const bytes = Buffer.concat([this.#rest, this.#anyCase ? lowered(piece) : piece]);
    const { length } = this.#wanted;
    let from = 0;
    for (let at = bytes.indexOf(this.#wanted); at >= 0; at = bytes.indexOf(this.#wanted, from)) {
      this.#count++;
      from = at + length;
    }
    // UTF-8 is looked at as bytes: one character is never a part of another.
    this.#rest = Buffer.from(bytes.subarray(Math.max(from, bytes.length - length + 1)));
  }
}

function lowered(bytes: Buffer): Buffer {
  const result = Buffer.from(bytes);
  for (let at = 0; at < result.length; at++) {
    const byte = result[at] as number;
    if (byte >= 0x41 && byte <= 0x5a) result[at] = byte | 0x20;
  }
  return result;
}
