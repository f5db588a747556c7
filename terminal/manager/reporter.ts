// Reports the terminal's state to the manager: when the first browser attaches, soon after the number of browsers changes, and at
// intervals. An outage of the manager ends nothing (inv 9): the report is repeated later.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startDeadline } from '../../common/deadline.ts';
import type { Logger } from '../../common/log.ts';
import type { Report, ReportAnswer } from '../../common/manager-api.ts';

/** Several changes within this time make one report. */
const debounceMs = 100;
const firstRetryMs = 250;

export type Reporter = {
  /** Requests a report, because something changed. */
  poke: () => void;
  run: (signal: AbortSignal) => Promise<void>;
};

export function createReporter(options: {
  /** The report; undefined if there is nothing to report, because no browser has attached yet. */
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
      if (failures > 0) log.info({ failures }, 'the manager accepts reports again');
      failures = 0;
    } catch (error) {
      if (signal.aborted) throw error;
      failures += 1;
      if (failures === 1)
        log.warn({ err: error }, 'could not report to the manager; retrying, and the session goes on');
    }
  };

  // Until poked, or until the next interval.
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
