// Logs what the settings of a proxy, or of the webserver, make it refuse: pages repeat such requests for ever.

import type { Logger } from '../common/log.ts';

export type RefusalLog = (sentence: string) => void;

const everyMs = 60_000;
// Clients choose what is in the sentences.
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
