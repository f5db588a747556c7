// Restores routes that differ from their template.

import type { Plan } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';

const atOnce = 8;

export function restoreRoutes(context: ActionContext, { pool }: Target, { restore }: Pick<Plan, 'restore'>): Action[] {
  const { cluster, pools, log } = context;
  return restore.slice(0, atOnce).map((route) => {
    const run = async () => {
      const restored = await cluster.restoreRoute(route);
      if (!restored) return;
      log.info({ pool: pool.name, route: route.name }, 'route restored to its template');
      pools.observe({ kind: 'route', name: restored.name, object: restored });
    };
    return { key: { kind: 'restore', pool: pool.name, target: route.uid }, run };
  });
}
