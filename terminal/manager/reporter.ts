// Tells the manager how the terminal is doing: at once when a browser first attaches, soon after the number of browsers
// changes, and now and then. A manager that is away ends nothing (inv 9): it is told again later.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startDeadline } from '../../common/deadline.ts';
import type { Logger } from '../../common/log.ts';
import type { Report, ReportAnswer } from '../../common/manager-api.ts';

/** Browsers that come and go within this time make one report. */
const debounceMs = 100;
const firstRetryMs = 250;

export type Reporter = {
  /** Something changed that the manager should hear of. */
  poke: () => void;
  run: (signal: AbortSignal) => Promise<void>;
};

export function createReporter(options: {
  /** What to report; undefined while there is nothing, because nobody has attached yet. */
  describe: () => Report | undefined;
  send: (report: Report, signal: AbortSignal) => Promise<ReportAnswer>;
  onAnswer: (answer: ReportAnswer) => void;
  intervalMs: number;
  log: Logger;
}): Reporter {
  const { describe, send, onAnswer, intervalMs, log } = options;
  let wake = new AbortController();
  let failures = 0;

  const sendOne = async (report: Report, signal: AbortSignal) => {
    try {
      onAnswer(await send(report, signal));
      if (failures > 0) log.info({ failures }, 'the manager takes reports again');
      failures = 0;
    } catch (error) {
      if (signal.aborted) throw error;
      failures += 1;
      if (failures === 1) log.warn({ err: error }, 'the manager could not be told how this terminal is doing');
    }
  };

  // Until poked, or until it is time for the next one.
  const pause = async (ms: number, signal: AbortSignal) => {
    if (wake.signal.aborted) return;
    const { signal: over } = startDeadline(ms, signal, wake.signal);
    if (!over.aborted) await once(over, 'abort');
  };

  return {
    poke: () => wake.abort(),
    run: async (signal) => {
      for (;;) {
        const retryMs = failures > 0 ? firstRetryMs * 2 ** Math.min(failures - 1, 10) : intervalMs;
        await pause(Math.min(intervalMs, retryMs), signal);
        signal.throwIfAborted();
        wake = new AbortController();
        const report = describe();
        if (!report) continue;
        await sendOne(report, signal);
        await delay(debounceMs, undefined, { signal });
      }
    },
  };
}
