// The input of one run: applied exactly once, by offset. A piece is answered when the command's pipe has taken it; until then it
// is in memory, which is bounded. A command that reads no more, or has closed its input, takes everything.

import type { Writable } from 'node:stream';
import { ServiceError } from '../../common/errors.ts';
import { inputAhead } from '../../common/runs.ts';

export type InputPiece = { offset: number; bytes: Uint8Array; end: boolean };

export class RunInput {
  readonly #pipe: Writable;
  /** Accepted, and written to the pipe. */
  #given = 0;
  #written = 0;
  #ended = false;
  /** The command reads no more. */
  #closed = false;
  #waiting: { upTo: number; resolve: (given: number) => void }[] = [];

  constructor(pipe: Writable) {
    this.#pipe = pipe;
    // EPIPE: the command has closed its input, or has ended.
    pipe.on('error', () => this.close());
    pipe.on('close', () => this.close());
  }

  /** How many bytes it was given so far. */
  get given(): number {
    return this.#given;
  }

  /**
   * Resolves with the count of bytes that it has once it has those of `piece`. Rejects with `conflict` for a gap or for bytes after
   * the end, and with `too-many-requests` when more than `inputAhead` bytes would wait; either changes nothing.
   */
  async apply({ offset, bytes, end }: InputPiece): Promise<number> {
    const upTo = offset + bytes.length;
    if (offset > this.#given) {
      throw new ServiceError(
        'conflict',
        `The run has ${this.#given} bytes of input: the next begins there, not at ${offset}.`,
      );
    }
    if (this.#ended ? upTo > this.#given : end && upTo < this.#given) {
      throw new ServiceError('conflict', `The input of the run has ended, or goes on, at byte ${this.#given}.`);
    }
    if (!this.#closed && upTo - this.#written > inputAhead) {
      throw new ServiceError('too-many-requests', `At most ${inputAhead} bytes of input may wait for the command.`);
    }
    this.#add(bytes.subarray(this.#given - offset), end);
    if (this.#written >= upTo) return this.#given;
    return new Promise((resolve) => this.#waiting.push({ upTo, resolve }));
  }

  /** Nobody reads any more: what waits counts as taken. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#taken(this.#given);
    this.#pipe.destroy();
  }

  #add(bytes: Uint8Array, end: boolean): void {
    if (bytes.length > 0) {
      this.#given += bytes.length;
      const upTo = this.#given;
      if (this.#closed) this.#written = upTo;
      else this.#pipe.write(bytes, (error) => !error && this.#taken(upTo));
    }
    if (!end || this.#ended) return;
    this.#ended = true;
    if (!this.#closed) this.#pipe.end();
  }

  #taken(upTo: number): void {
    this.#written = Math.max(this.#written, upTo);
    const taken = this.#waiting.filter((waiting) => waiting.upTo <= this.#written);
    this.#waiting = this.#waiting.filter((waiting) => waiting.upTo > this.#written);
    for (const { resolve } of taken) resolve(this.#given);
  }
}
