// The logger of every service: pino, JSON lines on standard output, one line for each event. It never logs secrets, input or output of
// terminals.

import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeUnprintable } from './printable.ts';

export type { Logger };

/** A logger that adds `service` to each line. Lines contain no control sequences that could act on the reader's terminal. */
export const createLog = (
  service: string,
  level: string,
  out: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Logger =>
  pino(
    { level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime, redact: ['ticket', 'token', '*.ticket'] },
    // JSON escapes the control characters of ASCII only.
    { write: (line) => out.write(`${escapeUnprintable(line.trimEnd())}\n`) },
  );
