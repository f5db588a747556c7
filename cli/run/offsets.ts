// A client's position in the output of a run: removes repeated bytes, and rejects a gap that was not reported. Pure.

import type { Stream } from '../../common/runs.ts';

export type Position = Record<Stream, number>;

export class Offsets {
  readonly #at: Position;

  constructor(from: Position = { stdout: 0, stderr: 0 }) {
    this.#at = { ...from };
  }

  /** The offset of the next expected byte of each stream. */
  get at(): Position {
    return { ...this.#at };
  }

  /** The new part of a piece. Throws if bytes are missing before it. */
  accept({ stream, offset, bytes }: { stream: Stream; offset: number; bytes: Uint8Array }): Uint8Array {
    const known = this.#at[stream] - offset;
    if (known < 0) throw new Error(`${-known} bytes of ${stream} are missing before byte ${offset}.`);
    const fresh = bytes.subarray(Math.min(known, bytes.length));
    this.#at[stream] += fresh.length;
    return fresh;
  }

  /** The number of bytes that this client loses by a reported gap. */
  skip({ stream, to }: { stream: Stream; to: number }): number {
    const lost = Math.max(0, to - this.#at[stream]);
    this.#at[stream] += lost;
    return lost;
  }
}
