// The life of a process: its parts run until SIGTERM or SIGINT, or until one fails. Then all stop.

import { setMaxListeners } from 'node:events';
import { isAbort, ServiceError } from './errors.ts';
import type { Logger } from './log.ts';

/**
 * A long-lived part. Resolves once `signal` is aborted and it has cleaned up; rejects if it fails. `leaving` is aborted when shutdown
 * begins: from then on, serve requests but ask clients to reconnect elsewhere.
 */
export type Part = (signal: AbortSignal, leaving: AbortSignal) => Promise<void>;

/**
 * Runs all parts until a signal arrives or a part fails. After the first signal they run for `shutdownDelayMs` more, which a second signal
 * cuts short. Waits until every part has ended. Returns the exit code: 0 after a signal, 1 after a failure, which is logged here once.
 */
export async function runService(
  log: Logger,
  parts: Record<string, Part>,
  { shutdownDelayMs = 0 }: { shutdownDelayMs?: number } = {},
): Promise<number> {
  const [controller, leaving] = [new AbortController(), new AbortController()];
  for (const { signal } of [controller, leaving]) setMaxListeners(0, signal);
  let delayed: NodeJS.Timeout | undefined;
  const end = () => {
    clearTimeout(delayed);
    leaving.abort();
    controller.abort();
  };
  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal, delayMs: shutdownDelayMs }, 'received a signal to stop; shutting down');
    if (shutdownDelayMs === 0 || leaving.signal.aborted) return end();
    leaving.abort();
    delayed = setTimeout(end, shutdownDelayMs);
    process.once(signal, stop);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  let exitCode = 0;
  await Promise.all(
    Object.entries(parts).map(async ([part, run]) => {
      try {
        await run(controller.signal, leaving.signal);
        if (!controller.signal.aborted)
          throw new Error(`the part "${part}" ended although the service was not stopping`);
      } catch (error) {
        if (controller.signal.aborted && isAbort(error)) return;
        log.fatal({ part, err: error }, 'a part of the service failed; shutting down');
        exitCode = 1;
        end();
      }
    }),
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, stop);
  return exitCode;
}

/** The exit code of a process that cannot start because of its settings. */
export const invalidConfigExitCode = 2;

/** Exits with a plain message if `error` is an invalid setting; throws any other error. */
export function exitOnInvalidConfig(error: unknown): never {
  if (!(error instanceof ServiceError) || error.code !== 'invalid-config') throw error;
  process.stderr.write(`Cannot start: these settings are invalid:\n${error.message.replace(/^/gm, '  ')}\n`);
  process.exit(invalidConfigExitCode);
}
