// The logger that every service is handed: pino, JSON lines on standard output, one line per thing that happened.
// Never a secret, never what a visitor typed or saw.

import { type DestinationStream, type Logger, pino } from 'pino';
import { escapeUnprintable } from './printable.ts';

export type { Logger };

/** A logger whose every line names `service`. Who reads it in a terminal sees text: nothing in it is a command to the terminal. */
export const createLog = (
  service: string,
  level: string,
  out: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Logger =>
  pino(
    { level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime, redact: ['ticket', 'token', '*.ticket'] },
    // JSON escapes the control characters of ASCII, and no others.
    { write: (line) => out.write(`${escapeUnprintable(line.trimEnd())}\n`) },
  );
