// The logger that every service is handed: pino, JSON lines on standard output, one line per thing that happened.
// Never a secret, never what a visitor typed or saw.

import { type Logger, pino } from 'pino';

export type { Logger };

/** A logger whose every line names `service`. */
export const createLog = (service: string, level: string): Logger =>
  pino({ level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime, redact: ['ticket', 'token', '*.ticket'] });
