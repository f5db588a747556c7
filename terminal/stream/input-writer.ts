// Writes input to a pty: a key at once and synchronously, a paste in bounded pieces that wait for a slow reader. Knows no pty: `writeSome` writes
// and `later` waits.

export type InputWriterOptions = {
  /** Writes the start of a buffer and returns the number of bytes: 0 if the pty is full. Throws if it is gone. */
  writeSome: (bytes: Buffer) => number;
  later: (run: () => void, ms: number) => void;
  /** Called with true when too much waits, and with false when there is room again. */
  onBacklog?: (full: boolean) => void;
};

/** Bytes per write. A tty would refuse more at once. */
const pieceBytes = 4_096;
/** Bytes per turn of the event loop, so that a paste does not delay other browsers' keys. */
const turnBytes = 65_536;
/** Larger than usual pastes: a browser whose socket is not read cannot answer pings either, and is disconnected. */
const backlog = { high: 16_777_216, low: 12_582_912 };
const shortestWaitMs = 1;
const longestWaitMs = 16;

export class InputWriter {
  readonly #options: InputWriterOptions;
  readonly #queue: { bytes: Buffer; onTaken: (() => void) | undefined }[] = [];
  #pending = 0;
  #waiting = false;
  #waitMs = shortestWaitMs;
  #full = false;
  #closed = false;
  #held = 0;

  constructor(options: InputWriterOptions) {
    this.#options = options;
  }

  /** Bytes that still wait for the reader. */
  get pending(): number {
    return this.#pending;
  }

  /** `onTaken` is called once all of `bytes` are written; never if the pty closes before. */
  write(bytes: Buffer, onTaken?: () => void): void {
    if (this.#closed) return;
    if (bytes.length === 0) {
      onTaken?.();
      return;
    }
    this.#queue.push({ bytes, onTaken });
    this.#pending += bytes.length;
    if (!this.#waiting) this.#pump();
    this.#tellBacklog();
  }

  /** Holds back input until `over` is settled. */
  hold(over: Promise<unknown>): void {
    this.#held += 1;
    const release = () => {
      this.#held -= 1;
      if (this.#held > 0 || this.#waiting || this.#closed) return;
      this.#pump();
      this.#tellBacklog();
    };
    over.then(release, release);
  }

  /** Discards what waits, because the pty is gone. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#pending = 0;
  }

  #pump(): void {
    if (this.#held > 0) return;
    let room = turnBytes;
    for (let head = this.#queue[0]; head && room > 0; head = this.#queue[0]) {
      const written = this.#writePiece(head.bytes);
      if (written === undefined) this.close();
      if (!written) break;
      room -= written;
      this.#pending -= written;
      this.#waitMs = shortestWaitMs;
      if (written < head.bytes.length) {
        head.bytes = head.bytes.subarray(written);
      } else {
        this.#queue.shift();
        head.onTaken?.();
      }
    }
    if (this.#queue.length > 0) this.#wait(room > 0 ? this.#nextWait() : 0);
  }

  #writePiece(head: Buffer): number | undefined {
    try {
      return this.#options.writeSome(head.length > pieceBytes ? head.subarray(0, pieceBytes) : head);
    } catch {
      return undefined;
    }
  }

  #wait(ms: number): void {
    this.#waiting = true;
    this.#options.later(() => {
      this.#waiting = false;
      if (this.#closed) return;
      this.#pump();
      this.#tellBacklog();
    }, ms);
  }

  #nextWait(): number {
    const ms = this.#waitMs;
    this.#waitMs = Math.min(longestWaitMs, ms * 2);
    return ms;
  }

  #tellBacklog(): void {
    const full = this.#full ? this.#pending > backlog.low : this.#pending > backlog.high;
    // Repeated at each write while full: pausing twice is harmless, missing a pause is not.
    if (full || this.#full) this.#options.onBacklog?.(full);
    this.#full = full;
  }
}
