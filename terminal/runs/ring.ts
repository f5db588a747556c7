// The last bytes of a stream, in a file: absolute offsets, bounded disk, no memory. Reads and writes are synchronous: they go to the page
// cache, and keep the order of a stream without a queue.

import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

/** A part of a buffer, and its place in the file. */
export type Segment = { at: number; start: number; length: number };

/** The places of the bytes from `offset` in a ring of `size` bytes. Pure. `length` is at most `size`. */
export function segments(offset: number, length: number, size: number): Segment[] {
  const at = offset % size;
  const first = Math.min(length, size - at);
  const parts = [
    { at, start: 0, length: first },
    { at: 0, start: first, length: length - first },
  ];
  return parts.filter((part) => part.length > 0);
}

export class Ring {
  readonly size: number;
  readonly #fd: number;
  #from = 0;
  #to = 0;
  #open = true;

  /** `path` must not exist. The open file has no name, so nothing is left behind. */
  constructor(path: string, size: number) {
    this.size = size;
    this.#fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  /** The offset of the oldest byte that can be read. */
  get from(): number {
    return this.#from;
  }

  /** The number of bytes so far. */
  get to(): number {
    return this.#to;
  }

  /** Appends `bytes`, dropping the oldest. If the disk is full, drops everything and returns false. */
  append(bytes: Uint8Array): boolean {
    const end = this.#to + bytes.length;
    const kept = bytes.subarray(Math.max(0, bytes.length - this.size));
    const complete = this.#write(kept, end - kept.length);
    this.#to = end;
    this.#from = complete ? Math.max(this.#from, end - this.size) : end;
    return complete;
  }

  /** At most `length` bytes from `offset`; fewer at the end. Throws a RangeError for bytes that are not in the ring. */
  read(offset: number, length: number): Buffer {
    if (offset < this.#from || offset > this.#to) {
      throw new RangeError(`Offset ${offset} is not between ${this.#from} and ${this.#to}.`);
    }
    const bytes = Buffer.allocUnsafe(Math.min(length, this.#to - offset));
    for (const part of segments(offset, bytes.length, this.size)) {
      const read = readSync(this.#fd, bytes, part.start, part.length, part.at);
      if (read !== part.length) throw new Error(`The ring gave ${read} of ${part.length} bytes.`);
    }
    return bytes;
  }

  /** Frees the disk space. Nothing can be read any more. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#from = this.#to;
    closeSync(this.#fd);
  }

  #write(bytes: Uint8Array, offset: number): boolean {
    if (!this.#open) return bytes.length === 0;
    try {
      for (const part of segments(offset, bytes.length, this.size)) {
        for (let done = 0; done < part.length; ) {
          done += writeSync(this.#fd, bytes, part.start + done, part.length - done, part.at + done);
        }
      }
      return true;
    } catch {
      // The disk is full: the command continues, and its reader learns which bytes are missing.
      return false;
    }
  }
}
