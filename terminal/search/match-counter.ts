// Counts the matches of a text in a pane's output, as a stream. Pure. It keeps only the end of the last piece. It matches as tmux does:
// without capitals in the text, ASCII case is ignored.

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
    // UTF-8 can be compared as bytes: no character is a part of another.
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
