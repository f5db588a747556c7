// Ends a visitor's terminal: deletes the pod and its session.

import type { ObservedPod } from '../model/observation.ts';
import type { ClaimContext } from './types.ts';

export async function endTerminal(
  { cluster, pools, log }: Pick<ClaimContext, 'cluster' | 'pools' | 'log'>,
  pod: ObservedPod,
): Promise<void> {
  // This only selects the page's last message, so delete the pod even if it fails.
  await cluster.markEndedByOwner(pod).catch((error: unknown) => {
    log.warn({ pod: pod.name, err: error }, 'cannot record that the visitor ended this terminal');
  });
  const deleted = await cluster.deletePod(pod);
  log.info({ pod: pod.name }, 'terminal ended by its visitor');
  pools.observeDeletion(pod, deleted);
}
