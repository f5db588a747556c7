// The stand-in for Kubernetes in a process of its own, started by stand-in.ts, because its time in the claiming process would be
// measured too.

import { managerAudience } from '../common/names.ts';
import { type LocalCluster, startLocalCluster } from '../local/kubernetes/cluster.ts';
import { describePool, type PoolOptions } from '../local/pool.ts';
import { silent } from '../test/helpers/manager.ts';

export type Order =
  | { does: 'start'; directory: string; startMs: number }
  | { does: 'pool'; pool: Pick<PoolOptions, 'name' | 'replicas' | 'settings'> }
  /** The number of changes of pods per second, until changed. */
  | { does: 'stir'; perSecond: number }
  | { does: 'close' };
export type Done = { done: Order['does']; url?: string; kubeconfig?: string; namespace?: string; token?: string };

const stirEveryMs = 10;
let cluster: LocalCluster | undefined;
let stirring: NodeJS.Timeout | undefined;

async function carryOut(order: Order): Promise<Omit<Done, 'done'>> {
  if (order.does === 'start') {
    const { directory, startMs } = order;
    cluster = await startLocalCluster({ directory, log: silent, node: 'hollow', hollowStartMs: startMs });
    const { url, kubeconfig, namespace } = cluster;
    const token = cluster.mintToken({ serviceAccount: 'warmterm-webserver', audience: managerAudience });
    return { url, kubeconfig, namespace, token };
  }
  const { namespace } = cluster!;
  if (order.does === 'pool') {
    await cluster!.create(describePool({ ...order.pool, namespace, args: [], env: {} }));
  } else if (order.does === 'stir') stir(order.perSecond);
  else {
    stir(0);
    await cluster!.close();
  }
  return {};
}

function stir(perSecond: number): void {
  clearInterval(stirring);
  if (perSecond === 0) return;
  let toldAt = performance.now();
  stirring = setInterval(() => {
    // By the clock, because timers are late on a busy machine.
    const count = Math.floor(((performance.now() - toldAt) * perSecond) / 1_000);
    toldAt += (count * 1_000) / perSecond;
    cluster!.stir(count);
  }, stirEveryMs);
}

process.on('message', async (order: Order) => {
  process.send!({ done: order.does, ...(await carryOut(order)) } satisfies Done);
  if (order.does === 'close') process.disconnect();
});
process.once('disconnect', () => process.exit());
