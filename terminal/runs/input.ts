// The input of a run, applied exactly once, by offset. A piece is acknowledged once the command's pipe has taken it. Until then it is in
// memory, which is bounded. A command that has closed its input accepts everything.

import type { Writable } from 'node:stream';
import { ServiceError } from '../../common/errors.ts';
import { inputAhead } from '../../common/runs.ts';

export type InputPiece = { offset: number; bytes: Uint8Array; end: boolean };

export class RunInput {
  readonly #pipe: Writable;
  /** Bytes accepted and written to the pipe. */
  #given = 0;
  #written = 0;
  #ended = false;
  /** The command does not read any more. */
  #closed = false;
  #waiting: { upTo: number; resolve: (given: number) => void }[] = [];

  constructor(pipe: Writable) {
    this.#pipe = pipe;
    // EPIPE: the command has closed its input, or has ended.
    pipe.on('error', () => this.close());
    pipe.on('close', () => this.close());
  }

  /** The number of bytes so far. */
  get given(): number {
    return this.#given;
  }

  /**
   * Resolves with the number of bytes so far, once the pipe has those of `piece`. Rejects with `conflict` for a gap or for bytes after the end,
   * and with `too-many-requests` if more than `inputAhead` bytes would wait. A rejected piece changes nothing.
   */
  async apply({ offset, bytes, end }: InputPiece): Promise<number> {
    const upTo = offset + bytes.length;
    if (offset > this.#given) {
      throw new ServiceError(
        'conflict',
        `The run has ${this.#given} bytes of input, so the next offset is ${this.#given}, not ${offset}.`,
      );
    }
    if (this.#ended ? upTo > this.#given : end && upTo < this.#given) {
      throw new ServiceError('conflict', `The input of the run has ended, or continues at byte ${this.#given}.`);
    }
    if (!this.#closed && upTo - this.#written > inputAhead) {
      throw new ServiceError('too-many-requests', `At most ${inputAhead} bytes of input may wait for the command.`);
    }
    this.#add(bytes.subarray(this.#given - offset), end);
    if (this.#written >= upTo) return this.#given;
    return new Promise((resolve) => this.#waiting.push({ upTo, resolve }));
  }

  /** No reader is left: waiting bytes count as taken. */
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
