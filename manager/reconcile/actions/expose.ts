// Creates the Services and routes of the pods.

import { readRefusal } from '../../kubernetes/refusal.ts';
import type { ExposureFailure } from '../../model/exposure-failures.ts';
import type { Pool } from '../../model/pool.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';

// Services and routes are created before they are needed, so a few at a time are enough.
const atOnce = 8;

export function expose(context: ActionContext, target: Target, plan: Pick<Plan, 'expose'>): Action[] {
  const { services, routes } = plan.expose;
  return [
    ...services.slice(0, atOnce).map((ordinal) => exposeByService(context, target, ordinal)),
    ...routes.slice(0, atOnce).map((ordinal) => exposeByRoute(context, target, ordinal)),
  ];
}

function exposeByService({ cluster, pools }: ActionContext, { pool, spec }: Target, ordinal: number): Action {
  const run = async () => {
    const service = await noteRefusal(pool, { kind: 'Service', ordinal }, cluster.exposePod(spec, ordinal));
    pools.observe({ kind: 'service', name: service.name, object: service });
  };
  return { key: { kind: 'expose', pool: pool.name, target: ordinal }, run };
}

function exposeByRoute({ cluster, pools }: ActionContext, { pool, spec }: Target, ordinal: number): Action {
  const run = async () => {
    const route = await noteRefusal(pool, { kind: 'route', ordinal }, cluster.routePod(spec, ordinal));
    pools.observe({ kind: 'route', name: route.name, object: route });
  };
  return { key: { kind: 'route', pool: pool.name, target: ordinal }, run };
}

/** Records in the pool that the API server refuses to create a Service or a route. */
async function noteRefusal<T>(
  pool: Pool,
  about: Pick<ExposureFailure, 'kind' | 'ordinal'>,
  created: Promise<T>,
): Promise<T> {
  try {
    return await created;
  } catch (error) {
    const refusal = readRefusal(error);
    if (refusal) pool.noteExposureFailure({ ...about, ...refusal });
    throw error;
  }
}
