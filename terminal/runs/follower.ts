// A client that follows a run: sends it the output by offsets, within its acknowledged window, and then the exit.

import { outputAhead, type RunExit, type Stream, streams } from '../../common/runs.ts';
import { pieceBytes } from './drain.ts';
import type { Ring } from './ring.ts';

export type FollowerEvents = {
  output: (piece: { stream: Stream; offset: number; bytes: Uint8Array }) => void;
  dropped: (gap: { stream: Stream; from: number; to: number }) => void;
  exit: (exit: RunExit) => void;
};

export class Follower {
  readonly #rings: Record<Stream, Ring> | undefined;
  readonly #send: FollowerEvents;
  readonly #at: Record<Stream, { sent: number; taken: number }>;
  #exit: RunExit | undefined;
  #exitSent = false;

  /** `from`: how many bytes of each stream the client already has. */
  constructor(rings: Record<Stream, Ring> | undefined, from: Record<Stream, number>, send: FollowerEvents) {
    this.#rings = rings;
    this.#send = send;
    const at = (stream: Stream) => ({ sent: from[stream], taken: from[stream] });
    this.#at = { stdout: at('stdout'), stderr: at('stderr') };
  }

  taken(stream: Stream): number {
    return this.#at[stream].taken;
  }

  /** The client has bytes up to `offset`. An offset beyond what was sent is treated as all that was sent. */
  acknowledge(stream: Stream, offset: number): void {
    const at = this.#at[stream];
    at.taken = Math.max(at.taken, Math.min(offset, at.sent));
    this.pump();
  }

  /** The run has ended: sends the exit after all output. */
  end(exit: RunExit): void {
    this.#exit = exit;
    this.pump();
  }

  /** Sends the exit now. The client is told which bytes it misses. */
  cutOff(): void {
    for (const stream of this.#rings ? streams : []) this.#skip(stream, this.#rings?.[stream].to ?? 0);
    this.pump();
  }

  /** Sends available output, as far as the client has room. */
  pump(): void {
    if (this.#exitSent) return;
    for (const stream of this.#rings ? streams : []) this.#pumpStream(stream);
    if (!this.#exit || (this.#rings && !streams.every((stream) => this.#at[stream].sent >= this.#rings![stream].to)))
      return;
    this.#exitSent = true;
    this.#send.exit(this.#exit);
  }

  #pumpStream(stream: Stream): void {
    const ring = this.#rings?.[stream];
    const at = this.#at[stream];
    if (!ring) return;
    this.#skip(stream, ring.from);
    for (;;) {
      const room = Math.min(pieceBytes, outputAhead - (at.sent - at.taken), ring.to - at.sent);
      if (room <= 0) return;
      const bytes = ring.read(at.sent, room);
      this.#send.output({ stream, offset: at.sent, bytes });
      at.sent += bytes.length;
    }
  }

  #skip(stream: Stream, to: number): void {
    const at = this.#at[stream];
    if (at.sent >= to) return;
    this.#send.dropped({ stream, from: at.sent, to });
    // The amount of unacknowledged bytes stays the same.
    at.taken += to - at.sent;
    at.sent = to;
  }
}
