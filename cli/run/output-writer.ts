// Writes the output of a run, and reports how far each stream was written. The terminal sends only a little ahead of that, so nothing
// accumulates here if the reader is slow.

import type { Writable } from 'node:stream';
import type { Stream } from '../../common/runs.ts';

export type OutputWriter = {
  /** `to`: the offset after `bytes`. */
  write(stream: Stream, bytes: Uint8Array, to: number): void;
  /** Resolves once everything is written. */
  flushed(): Promise<void>;
};

export type OutputPorts = {
  sinks: Record<Stream, Writable>;
  onTaken: (stream: Stream, offset: number) => void;
  /** The reader of `stream` is gone. */
  onClosed: (stream: Stream) => void;
};

export function createOutputWriter({ sinks, onTaken, onClosed }: OutputPorts): OutputWriter {
  let pending = 0;
  let whenFlushed: (() => void)[] = [];
  const closed = new Set<Stream>();
  for (const stream of ['stdout', 'stderr'] as const) {
    sinks[stream].on('error', () => {
      if (closed.has(stream)) return;
      closed.add(stream);
      onClosed(stream);
    });
  }

  function settled(): void {
    pending -= 1;
    if (pending > 0) return;
    for (const resolve of whenFlushed) resolve();
    whenFlushed = [];
  }

  return {
    write(stream, bytes, to) {
      pending += 1;
      // Without a reader, acknowledge the bytes anyway, so that the run can continue to its end.
      if (closed.has(stream) || bytes.length === 0) {
        onTaken(stream, to);
        return settled();
      }
      sinks[stream].write(bytes, () => {
        onTaken(stream, to);
        settled();
      });
    },
    flushed: () => (pending === 0 ? Promise.resolve() : new Promise((resolve) => whenFlushed.push(resolve))),
  };
}
