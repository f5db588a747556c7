// Input for a run: kept until the run has it, so that a new connection continues exactly where the run is. Pure.

export type InputPiece = { offset: number; bytes: Uint8Array<ArrayBuffer>; end: boolean };

export type InputLimits = {
  /** Bytes of one piece. */
  piece: number;
  /** Pieces in transit at once. */
  ahead: number;
  /** Maximum of buffered bytes; above that the source has to wait. */
  kept: number;
};

/** `piece` equals `maxInputLength` of socket.ts. Enough in transit to fill a connection, and few enough to be acknowledged soon. */
export const inputLimits: InputLimits = { piece: 65_536, ahead: 8, kept: 2_097_152 };

export class InputBuffer {
  readonly #limits: InputLimits;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** Offsets of the first kept byte, of the next to send, and of the end. */
  #base = 0;
  #sent = 0;
  #length = 0;
  #underWay = 0;
  #ended = false;
  #endSent = false;
  #done = false;

  constructor(limits: InputLimits = inputLimits) {
    this.#limits = limits;
  }

  /** Whether the source has to wait. */
  get full(): boolean {
    return this.#length - this.#base >= this.#limits.kept;
  }

  /** Whether the run has acknowledged all of it. */
  get done(): boolean {
    return this.#done;
  }

  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#ended || bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  end(): void {
    this.#ended = true;
  }

  /** The next piece to send; undefined if there is none now. */
  next(): InputPiece | undefined {
    if (this.#done || this.#endSent || this.#underWay >= this.#limits.ahead) return undefined;
    const offset = this.#sent;
    const bytes = this.#slice(offset, Math.min(this.#length, offset + this.#limits.piece));
    const end = this.#ended && offset + bytes.length === this.#length;
    if (bytes.length === 0 && !end) return undefined;
    this.#sent += bytes.length;
    this.#endSent = end;
    this.#underWay += 1;
    return { offset, bytes, end };
  }

  /** A piece was acknowledged: the run has `total` bytes. */
  taken({ end }: InputPiece, total: number): void {
    this.#underWay -= 1;
    this.#forget(total);
    if (end && total >= this.#length) this.#done = true;
  }

  /** Continues on a new connection to a run that has `total` bytes. Throws if it has fewer than it acknowledged. */
  rewind(total: number): void {
    if (total < this.#base) throw new Error(`The run has lost ${this.#base - total} bytes of its input.`);
    this.#underWay = 0;
    this.#endSent = false;
    this.#forget(Math.min(total, this.#length));
    this.#sent = this.#base;
  }

  #forget(total: number): void {
    for (let first = this.#chunks[0]; first && total > this.#base; first = this.#chunks[0]) {
      const count = Math.min(first.length, total - this.#base);
      this.#base += count;
      if (count === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(count);
    }
  }

  #slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let at = this.#base;
    for (const chunk of this.#chunks) {
      if (at >= to) break;
      const start = Math.max(0, from - at);
      if (start < chunk.length) parts.push(chunk.subarray(start, Math.min(chunk.length, to - at)));
      at += chunk.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
