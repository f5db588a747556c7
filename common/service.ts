// The life of a process: its parts run until SIGTERM or SIGINT, or until one of them is lost, and then all end.

import { setMaxListeners } from 'node:events';
import { isAbort, ServiceError } from './errors.ts';
import type { Logger } from './log.ts';

/**
 * A long-lived part: resolves once `signal` is aborted and it has cleaned up, rejects when it fails. `leaving` is aborted as
 * soon as the end is known: from then on whoever comes is still served, and told to go elsewhere next time.
 */
export type Part = (signal: AbortSignal, leaving: AbortSignal) => Promise<void>;

/**
 * Runs all parts until a signal from outside, and for `shutdownDelayMs` more, which a second signal cuts short; or until the
 * loss of one of them. Waits until every one has ended. Returns the exit code: 0 after a signal, 1 after a loss, which is
 * logged here, once.
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
    log.info({ signal }, 'stopping');
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
        if (!controller.signal.aborted) throw new Error(`${part} ended by itself`);
      } catch (error) {
        if (controller.signal.aborted && isAbort(error)) return;
        log.fatal({ part, err: error }, 'part lost');
        exitCode = 1;
        end();
      }
    }),
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, stop);
  return exitCode;
}

/** Of a process that cannot start because of its settings. */
export const invalidConfigExitCode = 2;

/** Ends the process with a plain message when `error` is a wrong setting; anything else goes on to be thrown. */
export function exitOnInvalidConfig(error: unknown): never {
  if (!(error instanceof ServiceError) || error.code !== 'invalid-config') throw error;
  process.stderr.write(`Cannot start, the settings are wrong:\n${error.message.replace(/^/gm, '  ')}\n`);
  process.exit(invalidConfigExitCode);
}
