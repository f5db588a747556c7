// What a visitor sees of the pools: how many terminals are ready and how many visitors wait, in those that are theirs to use. What
// else there is, and who uses it, is for the host (host.ts).

import { Router } from 'express';
import * as z from 'zod';
import { ServiceError } from '../../common/errors.ts';
import { type PoolStatus, poolNameSchema } from '../../common/manager-api.ts';
import { type PoolSummaries, paths } from '../../common/terminals-api.ts';
import type { Visitors } from '../identity/visitor.ts';
import type { Manager } from '../manager-client.ts';
import { parseBody } from '../parse-body.ts';
import { takeTurns } from '../turns.ts';

/** The manager describes each of its pods for an answer: it is asked no more often than this, whatever visitors ask. */
const keptMs = 2_000;

const querySchema = z.strictObject({ pool: poolNameSchema.optional() });

export function poolRoutes(options: {
  manager: Pick<Manager, 'list' | 'pools'>;
  visitors: Visitors;
  defaultPool: string | undefined;
  now: () => number;
}): Router {
  const { manager, visitors, defaultPool, now } = options;
  const readPools = keep(() => manager.pools(), now);
  return Router().get(paths.pools, takeTurns(), async (request, response) => {
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
 * The pool that is named; or else that of those who name none, and those in which the visitor has terminals. The names of others
 * are not told: one who knows a name may use the pool. Pure.
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

/** One answer of `read` for all who ask within two seconds. One that failed is asked for again. */
export function keep<T>(read: () => Promise<T>, now: () => number): () => Promise<T> {
  let kept: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (kept && now() - kept.at < keptMs) return kept.answer;
    const asked = { at: now(), answer: read() };
    kept = asked;
    asked.answer.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return asked.answer;
  };
}
