// Reads the output of one stream into its ring, no faster than a reader allows, and tells when the stream is over.

import type { Socket } from 'node:net';
import type { Ring } from './ring.ts';

/** What one read gives at most: so much room has to be left before the next. */
export const pieceBytes = 65_536;
/** After the exit of the command a child of its own may keep the pipe open. After such a silence nobody waits for it. */
export const silenceMs = 2_000;
/** Nothing the command itself has printed is behind so many bytes: they are what a pipe holds at most, by pipe-max-size. */
const pipeBytes = 1_048_576;

export class Drain {
  readonly #pipe: Socket;
  readonly #ring: Ring;
  readonly #onBytes: () => void;
  /** How many bytes the slowest reader has; undefined where nobody is waited for. */
  #taken: number | undefined;
  #commandEnded = false;
  #done = false;
  #left = pipeBytes;
  #timer: NodeJS.Timeout | undefined;
  #over: () => void = () => {};
  /** Resolves when everything that the command has printed is in the ring. */
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

  /** How far the slowest reader is, for whom nothing may be dropped; undefined when there is none. */
  limit(taken: number | undefined): void {
    this.#taken = taken;
    this.#pace();
  }

  /** The command has ended: what is still in the pipe is read, but a child that keeps it open is not waited for. */
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

  // A pipe that is not read is not silent.
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
