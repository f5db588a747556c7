// The life of a process: its parts run until SIGTERM or SIGINT, or until one of them is lost, and then all end.

import { setMaxListeners } from 'node:events';
import { isAbort, ServiceError } from './errors.ts';
import type { Logger } from './log.ts';

/** A long-lived part: resolves once `signal` is aborted and it has cleaned up, rejects when it fails. */
export type Part = (signal: AbortSignal) => Promise<void>;

/**
 * Runs all parts until a signal from outside or the loss of one of them; waits until every one has ended.
 * Returns the exit code: 0 after a signal, 1 after a loss, which is logged here, once.
 */
export async function runService(log: Logger, parts: Record<string, Part>): Promise<number> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const stop = (signal: string) => {
    log.info({ signal }, 'stopping');
    controller.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  let exitCode = 0;
  await Promise.all(
    Object.entries(parts).map(async ([part, run]) => {
      try {
        await run(controller.signal);
        if (!controller.signal.aborted) throw new Error(`${part} ended by itself`);
      } catch (error) {
        if (controller.signal.aborted && isAbort(error)) return;
        log.fatal({ part, err: error }, 'part lost');
        exitCode = 1;
        controller.abort();
      }
    }),
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, stop);
  return exitCode;
}

/** Ends the process with a plain message when `error` is a wrong setting; anything else goes on to be thrown. */
export function exitOnInvalidConfig(error: unknown): never {
  if (!(error instanceof ServiceError) || error.code !== 'invalid-config') throw error;
  process.stderr.write(`Cannot start, the settings are wrong:\n${error.message.replace(/^/gm, '  ')}\n`);
  process.exit(2);
}
