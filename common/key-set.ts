// The manager's public keys. Kept for ever once loaded, so that an outage of the manager locks nobody out who holds a ticket
// already; fetched again only for a key that is not known yet.

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';

/** The manager's answer at `paths.jwks` (RFC 7517), with the time that tickets go by. */
export const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string() })),
  /** Absent while the manager has not heard the API server's time. */
  now: z.iso.datetime().optional(),
});

/** However many tickets with unknown keys come, the manager is asked no more often than this. */
const coolDownMs = 10_000;

export type KeySet = {
  /** Whether tickets can be verified yet. */
  readonly loaded: boolean;
  /** Finds the key of a ticket. Throws jose's JWKSNoMatchingKey, or `unavailable` while the manager cannot be asked. */
  getKey: JWTVerifyGetKey;
  /** Fetches the keys. */
  refresh: (signal?: AbortSignal) => Promise<void>;
  /** The same, unless that was done lately. Whether it was done now. */
  refreshSeldom: () => Promise<boolean>;
};

export function createKeySet({
  fetchKeys,
  now,
}: {
  fetchKeys: (signal?: AbortSignal) => Promise<JSONWebKeySet>;
  /** Monotonic, in milliseconds. */
  now: () => number;
}): KeySet {
  let find: JWTVerifyGetKey | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;
  const refresh = async (signal?: AbortSignal) => {
    fetchedAt = now();
    const { keys } = await fetchKeys(signal);
    find = createLocalJWKSet({ keys });
  };
  const refreshOnce = () => {
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  const refreshSeldom = async () => {
    if (!refreshing && now() - fetchedAt < coolDownMs) return false;
    await refreshOnce();
    return true;
  };
  return {
    get loaded() {
      return find !== undefined;
    },
    refresh,
    refreshSeldom,
    getKey: async (header, token) => {
      try {
        if (find) return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (!(await refreshSeldom())) throw error;
      }
      if (!find) await refreshOnce();
      if (!find) throw new Error('unreachable: refresh() either sets it or throws');
      return find(header, token);
    },
  };
}
