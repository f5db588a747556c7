// A visitor's view of the pools: how many terminals are ready and how many visitors wait, in the pools that the visitor may use. All other
// details are for the host (host.ts).

import { Router } from 'express';
import * as z from 'zod';
import { ServiceError } from '../../common/errors.ts';
import { type PoolStatus, poolNameSchema } from '../../common/manager-api.ts';
import { type PoolSummaries, paths } from '../../common/terminals-api.ts';
import { limitConcurrency } from '../concurrency-limit.ts';
import type { Visitors } from '../identity/visitor.ts';
import type { Manager } from '../manager-client.ts';
import { parseBody } from '../parse-body.ts';

/** The manager describes each of its pods for an answer, so its answer is cached for this long. */
const cacheMs = 2_000;

const querySchema = z.strictObject({ pool: poolNameSchema.optional() });

export function poolRoutes(options: {
  manager: Pick<Manager, 'list' | 'pools'>;
  visitors: Visitors;
  defaultPool: string | undefined;
  now: () => number;
}): Router {
  const { manager, visitors, defaultPool, now } = options;
  const readPools = cache(() => manager.pools(), now);
  return Router().get(paths.pools, limitConcurrency(), async (request, response) => {
    const { pool } = parseBody(querySchema, request.query);
    const visitor = visitors.identify(request, response);
    const [{ pools }, { terminals }] = await Promise.all([readPools(), manager.list(visitor)]);
    const used = new Set(terminals.map((terminal) => terminal.pool));
    const shown = choosePools(pools, { named: pool, defaultPool, used });
    if (pool !== undefined && shown.length === 0)
      throw new ServiceError('not-found', `There is no pool named ${pool}.`);
    response.json({
      pools: shown.map(({ name, ready, waiting }) => ({ name, ready, waiting })),
    } satisfies PoolSummaries);
  });
}

/**
 * The named pool; without a name, the default pool and those of the visitor's terminals. Other names are cached secret, because knowing a
 * pool's name is enough to use it. Pure.
 */
export function choosePools(
  pools: readonly PoolStatus[],
  {
    named,
    defaultPool,
    used,
  }: { named: string | undefined; defaultPool: string | undefined; used: ReadonlySet<string> },
): PoolStatus[] {
  if (named !== undefined) return pools.filter(({ name }) => name === named);
  const usual = defaultPool ?? (pools.length === 1 ? pools[0]?.name : undefined);
  return pools.filter(({ name }) => name === usual || used.has(name));
}

/** Caches the answer of `read` for two seconds. A failure is not cached. */
export function cache<T>(read: () => Promise<T>, now: () => number): () => Promise<T> {
  let cached: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (cached && now() - cached.at < cacheMs) return cached.answer;
    const asked = { at: now(), answer: read() };
    cached = asked;
    asked.answer.catch(() => {
      if (cached === asked) cached = undefined;
    });
    return asked.answer;
  };
}
