// The manager's public keys. Loaded once at start and kept for ever, so that an outage of the manager locks nobody out of
// a terminal whose ticket they already hold; fetched again only for a key that is not known yet.

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { toServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Clock } from '../clock.ts';
import { retry } from '../retry.ts';

/** However many strangers come with unknown keys, the manager is asked no more often than this. */
const coolDownMs = 10_000;

export type KeySet = {
  /** Whether tickets can be verified yet. */
  readonly loaded: boolean;
  /** Finds the key of a ticket. Throws jose's JWKSNoMatchingKey, or `unavailable` while the manager cannot be asked. */
  getKey: JWTVerifyGetKey;
  /** Loads the keys, with back-off and for as long as it takes. */
  load: (signal: AbortSignal) => Promise<void>;
};

export function createKeySet({
  fetchKeys,
  log,
  clock,
}: {
  fetchKeys: (signal?: AbortSignal) => Promise<JSONWebKeySet>;
  log: Logger;
  clock: Clock;
}): KeySet {
  let find: JWTVerifyGetKey | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;
  const refresh = async (signal?: AbortSignal) => {
    fetchedAt = clock.now();
    find = createLocalJWKSet(await fetchKeys(signal));
  };
  return {
    get loaded() {
      return find !== undefined;
    },
    getKey: async (header, token) => {
      try {
        if (find) return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (!refreshing && clock.now() - fetchedAt < coolDownMs) throw error;
      }
      refreshing ??= refresh().finally(() => {
        refreshing = undefined;
      });
      await refreshing;
      if (!find) throw new Error('unreachable: refresh() either sets it or throws');
      return find(header, token);
    },
    load: (signal) =>
      retry(refresh, {
        signal,
        firstMs: 50,
        longestMs: 5_000,
        onFirstFailure: (error) =>
          log.warn({ err: toServiceError(error) }, 'the keys of the manager are not to be had yet'),
      }),
  };
}
