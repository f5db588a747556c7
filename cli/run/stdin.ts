// Reads this process's stdin into an input buffer, no faster than the run accepts it.

import type { Readable } from 'node:stream';
import { InputBuffer } from './input-buffer.ts';

export type Stdin = { buffer: InputBuffer; onRoom: () => void; close: () => void };

/** Calls `pump` when there is more. An error of `source`, such as a directory as stdin, counts as its end. */
export function readStdin(source: Readable, pump: () => void): Stdin {
  const buffer = new InputBuffer();
  const end = () => {
    buffer.end();
    pump();
  };
  const take = (bytes: Buffer) => {
    buffer.push(new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length));
    if (buffer.full) source.pause();
    pump();
  };
  source.on('data', take).once('end', end).once('error', end).once('close', end);
  return {
    buffer,
    onRoom() {
      if (!buffer.full && source.isPaused()) source.resume();
    },
    close() {
      source.off('data', take).off('end', end).off('close', end).pause();
    },
  };
}
