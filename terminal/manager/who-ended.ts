// Asks the manager who has this pod deleted: SIGTERM does not say. For as long as the visitor can wait for the answer.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import type { Report, ReportAnswer } from '../../common/manager-api.ts';
import { endBudget } from '../end-budget.ts';

const pauseMs = 100;

export type WhoEnded = () => Promise<ReportAnswer['endedBy']>;

/** Resolves to undefined when the manager does not know in time, or nobody has ever come. Never rejects. */
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
        // The manager's watch may be a little behind the kubelet's.
        await delay(pauseMs, undefined, { signal });
      }
    } catch (error) {
      log.info({ err: error }, 'the manager could not say in time who ended this terminal');
      return undefined;
    }
  };
}
