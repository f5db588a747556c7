// Reads the nodes of pods that the watch has not reported. The watch reports a new node soon, but never a node that was deleted before
// this manager started. A slow watch proves nothing, so ask the API server at once. Until it answers, the pods of the node are
// not handed out.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';

export type UnknownNodesOptions = {
  pools: Pools;
  cluster: Pick<Cluster, 'readNode'>;
  log: Logger;
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
};

const readEveryMs = 10_000;

export class UnknownNodes {
  readonly #options: UnknownNodesOptions;
  /** When to read each node next, by pool and name. */
  readonly #nextReadAt = new WeakMap<Pool, Map<string, number>>();

  constructor(options: UnknownNodesOptions) {
    this.#options = options;
  }

  /** Call it at every evaluation, after the initial lists are complete. */
  check(pool: Pool): void {
    const { pools, monotonic } = this.#options;
    const at = monotonic();
    const former = this.#nextReadAt.get(pool);
    const nextReadAt = new Map<string, number>();
    for (const { node } of pool.pods()) {
      if (node === undefined || nextReadAt.has(node) || pools.knowsNode(node)) continue;
      const due = former?.get(node) ?? at;
      nextReadAt.set(node, at >= due ? at + readEveryMs : due);
      if (at >= due) void this.#read(node);
    }
    this.#nextReadAt.set(pool, nextReadAt);
  }

  async #read(name: string): Promise<void> {
    const { pools, cluster, log, monotonic } = this.#options;
    try {
      const node = await cluster.readNode(name);
      // The watch may have reported the node meanwhile.
      if (pools.knowsNode(name)) return;
      pools.observeNode(name, node, monotonic(), false);
    } catch (error) {
      log.warn({ node: name, err: error }, 'cannot read the node of some terminals, trying again');
    }
  }
}
