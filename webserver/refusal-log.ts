// Logs requests that are refused because a proxy or the webserver is misconfigured. Pages repeat such requests, so the log is limited.

import type { Logger } from '../common/log.ts';

export type RefusalLog = (sentence: string) => void;

const everyMs = 60_000;
// Clients influence the sentences, so bound their number.
const maxSentences = 20;

/** Logs each sentence at most once a minute. */
export function createRefusalLog(log: Pick<Logger, 'warn'>, now: () => number): RefusalLog {
  let since = Number.NEGATIVE_INFINITY;
  const logged = new Set<string>();
  return (sentence) => {
    if (now() - since >= everyMs) {
      since = now();
      logged.clear();
    }
    if (logged.has(sentence) || logged.size >= maxSentences) return;
    logged.add(sentence);
    log.warn(sentence);
  };
}
