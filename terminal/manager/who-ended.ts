// Asks the manager who deleted this pod, because SIGTERM does not say. Waits only as long as the visitor can wait.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import type { Report, ReportAnswer } from '../../common/manager-api.ts';
import { endBudget } from '../end-budget.ts';

const pauseMs = 100;

export type WhoEnded = () => Promise<ReportAnswer['endedBy']>;

/** Resolves to undefined if the manager does not know in time, or no browser ever attached. Never rejects. */
export function createWhoEnded(options: {
  describe: () => Report | undefined;
  send: (report: Report, signal: AbortSignal) => Promise<ReportAnswer>;
  log: Logger;
  patienceMs?: number;
}): WhoEnded {
  const { describe, send, log, patienceMs = endBudget.whoEnded } = options;
  return async () => {
    const report = describe();
    if (!report) return undefined;
    const signal = AbortSignal.timeout(patienceMs);
    try {
      for (;;) {
        const { endedBy } = await send(report, signal);
        if (endedBy !== undefined) return endedBy;
        // The manager's watch may lag behind the kubelet's.
        await delay(pauseMs, undefined, { signal });
      }
    } catch (error) {
      log.info({ err: error }, 'the manager did not answer in time who deleted this pod; the page will name no one');
      return undefined;
    }
  };
}
