// Deletes the Services and routes of ordinals that were scaled away.

import type { Plan } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';

const atOnce = 8;

/** The deletions are observed through the watch, because it may already have reported a successor with the same name. */
export function withdraw({ cluster }: ActionContext, { pool }: Target, plan: Pick<Plan, 'withdraw'>): Action[] {
  const { services, routes } = plan.withdraw;
  const action = (uid: string, run: () => Promise<void>): Action => ({
    key: { kind: 'withdraw', pool: pool.name, target: uid },
    run,
  });
  return [
    ...routes.slice(0, atOnce).map((route) => action(route.uid, () => cluster.withdrawRoute(route))),
    ...services.slice(0, atOnce).map((service) => action(service.uid, () => cluster.withdrawService(service))),
  ];
}
