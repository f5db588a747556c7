// One client that follows one run: sends it the output by offsets, not too far ahead of what it has taken, and then the exit.

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
  #told = false;

  /** `from`: how many bytes of each stream the client has. */
  constructor(rings: Record<Stream, Ring> | undefined, from: Record<Stream, number>, send: FollowerEvents) {
    this.#rings = rings;
    this.#send = send;
    const at = (stream: Stream) => ({ sent: from[stream], taken: from[stream] });
    this.#at = { stdout: at('stdout'), stderr: at('stderr') };
  }

  taken(stream: Stream): number {
    return this.#at[stream].taken;
  }

  /** The client has so many bytes. More than it was sent is nonsense, and no progress beyond that. */
  acknowledge(stream: Stream, offset: number): void {
    const at = this.#at[stream];
    at.taken = Math.max(at.taken, Math.min(offset, at.sent));
    this.pump();
  }

  /** The run has ended: tells it after all output. */
  end(exit: RunExit): void {
    this.#exit = exit;
    this.pump();
  }

  /** Tells the exit now. The client hears that it misses what was not sent. */
  cutOff(): void {
    for (const stream of this.#rings ? streams : []) this.#skip(stream, this.#rings?.[stream].to ?? 0);
    this.pump();
  }

  /** Sends what there is and the client has room for. */
  pump(): void {
    if (this.#told) return;
    for (const stream of this.#rings ? streams : []) this.#pumpStream(stream);
    if (!this.#exit || (this.#rings && !streams.every((stream) => this.#at[stream].sent >= this.#rings![stream].to)))
      return;
    this.#told = true;
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
    // What is under way stays as much as it is.
    at.taken += to - at.sent;
    at.sent = to;
  }
}
