// The manager's public keys. They are kept once loaded, so tickets work during an outage of the manager. They are fetched again only when
// a ticket names an unknown key.

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';

/** The manager's answer at `paths.jwks` (RFC 7517), with the time by which tickets expire. */
export const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string() })),
  /** Absent until the manager knows the API server's time. */
  now: z.iso.datetime().optional(),
});

// However many tickets have unknown keys, the manager is asked at most once in this time.
const coolDownMs = 10_000;

export type KeySet = {
  /** Whether tickets can be verified yet. */
  readonly loaded: boolean;
  /** Finds the key of a ticket. Throws jose's JWKSNoMatchingKey, or `unavailable` if the manager cannot be reached. */
  getKey: JWTVerifyGetKey;
  /** Fetches the keys. */
  refresh: (signal?: AbortSignal) => Promise<void>;
  /** Fetches the keys unless that was done within the cool-down. Returns whether it fetched them. */
  refreshIfDue: () => Promise<boolean>;
};

export function createKeySet({
  fetchKeys,
  now,
}: {
  fetchKeys: (signal?: AbortSignal) => Promise<JSONWebKeySet>;
  /** Monotonic clock, in milliseconds. */
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
  const refreshIfDue = async () => {
    if (!refreshing && now() - fetchedAt < coolDownMs) return false;
    await refreshOnce();
    return true;
  };
  return {
    get loaded() {
      return find !== undefined;
    },
    refresh,
    refreshIfDue,
    getKey: async (header, token) => {
      try {
        if (find) return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (!(await refreshIfDue())) throw error;
      }
      if (!find) await refreshOnce();
      if (!find) throw new Error('unreachable: refresh() either sets it or throws');
      return find(header, token);
    },
  };
}
