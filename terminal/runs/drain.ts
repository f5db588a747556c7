// Reads the output of one stream into its ring, no faster than its reader allows, and detects the stream's end.

import type { Socket } from 'node:net';
import type { Ring } from './ring.ts';

/** The maximum of one read. This much room must be left before the next. */
export const pieceBytes = 65_536;
/** A child may hold the pipe open after the command's exit. After this silence the stream counts as ended. */
export const silenceMs = 2_000;
/** After the command's exit, its own output is within this many bytes: the maximum size of a pipe, by pipe-max-size. */
const pipeBytes = 1_048_576;

export class Drain {
  readonly #pipe: Socket;
  readonly #ring: Ring;
  readonly #onBytes: () => void;
  /** How many bytes the slowest reader has; undefined if no reader is waited for. */
  #taken: number | undefined;
  #commandEnded = false;
  #done = false;
  #left = pipeBytes;
  #timer: NodeJS.Timeout | undefined;
  #over: () => void = () => {};
  /** Resolves when the ring has everything that the command has printed. */
  readonly over: Promise<void>;

  constructor(pipe: Socket, ring: Ring, onBytes: () => void) {
    this.#pipe = pipe;
    this.#ring = ring;
    this.#onBytes = onBytes;
    this.over = new Promise((resolve) => {
      this.#over = resolve;
    });
    pipe.on('data', (bytes: Buffer) => this.#read(bytes));
    pipe.on('error', () => this.#end());
    pipe.on('end', () => this.#end());
    pipe.on('close', () => this.#end());
  }

  /** Sets the position of the slowest reader, for whom nothing may be dropped; undefined if there is none. */
  limit(taken: number | undefined): void {
    this.#taken = taken;
    this.#pace();
  }

  /** The command has ended: read what is left in the pipe, but do not wait for a child that holds it open. */
  commandEnded(): void {
    this.#commandEnded = true;
    this.#pace();
  }

  #read(bytes: Buffer): void {
    this.#ring.append(bytes);
    if (this.#commandEnded) this.#left -= bytes.length;
    this.#onBytes();
    if (this.#left <= 0) this.#end();
    else this.#pace();
  }

  // A paused pipe does not count as silent.
  #pace(): void {
    if (this.#done) return;
    const full = this.#taken !== undefined && this.#ring.to + pieceBytes - this.#taken > this.#ring.size;
    clearTimeout(this.#timer);
    if (full) this.#pipe.pause();
    else if (this.#pipe.isPaused()) this.#pipe.resume();
    if (!full && this.#commandEnded) this.#timer = setTimeout(() => this.#end(), silenceMs);
  }

  #end(): void {
    this.#done = true;
    clearTimeout(this.#timer);
    this.#pipe.destroy();
    this.#over();
  }
}
