// Warnings in the API server's answers: APIs that a later release removes, fields that it does not know.
// https://kubernetes.io/docs/reference/using-api/deprecation-guide/#find-and-migrate-use-of-deprecated-apis

import type { Logger } from '../../common/log.ts';

/** Called with a warning and the request that caused it. */
export type OnWarning = (warning: string, request: { method: string; path: string }) => void;

// RFC 7234, 5.5: `299 - "text"`, several separated by commas.
const pattern = /\b299 \S+ "((?:[^"\\]|\\.)*)"/g;

/** The texts of a `Warning` header. */
export const readWarnings = (header: string | undefined): string[] =>
  header === undefined ? [] : [...header.matchAll(pattern)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));

/** Logs each warning once, as client-go does, because every answer repeats it. Remembers the first 100. */
export function createWarningLog(log: Logger): OnWarning {
  const known = new Set<string>();
  return (warning, { method, path }) => {
    if (known.has(warning) || known.size >= 100) return;
    known.add(warning);
    log.warn({ method, path, warning }, 'The Kubernetes API warns about a request of this manager: please report it.');
  };
}
