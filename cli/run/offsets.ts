// Where a client is in the output of a run: what comes twice is cut off, and a gap that nobody told of is an error. Pure.

import type { Stream } from '../../common/runs.ts';

export type Position = Record<Stream, number>;

export class Offsets {
  readonly #at: Position;

  constructor(from: Position = { stdout: 0, stderr: 0 }) {
    this.#at = { ...from };
  }

  /** Where the next byte of each stream is expected. */
  get at(): Position {
    return { ...this.#at };
  }

  /** What of a piece is new. Throws when bytes are missing before it. */
  accept({ stream, offset, bytes }: { stream: Stream; offset: number; bytes: Uint8Array }): Uint8Array {
    const known = this.#at[stream] - offset;
    if (known < 0) throw new Error(`${-known} bytes of ${stream} are missing before byte ${offset}.`);
    const fresh = bytes.subarray(Math.min(known, bytes.length));
    this.#at[stream] += fresh.length;
    return fresh;
  }

  /** How many bytes are lost for this client by a gap that the terminal tells of. */
  skip({ stream, to }: { stream: Stream; to: number }): number {
    const lost = Math.max(0, to - this.#at[stream]);
    this.#at[stream] += lost;
    return lost;
  }
}
