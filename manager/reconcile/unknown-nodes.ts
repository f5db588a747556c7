// Finds out about nodes that pods are on and that no watch has reported. One that has just joined is reported soon; one that
// was deleted before this manager started never is. A late watch proves nothing, so the API server is asked, at once: until it
// answers, the node's pods are handed out to nobody.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';

export type UnknownNodesOptions = {
  pools: Pools;
  cluster: Pick<Cluster, 'readNode'>;
  log: Logger;
  /** Milliseconds that no setting of the clock changes. */
  monotonic: () => number;
};

const againMs = 10_000;

export class UnknownNodes {
  readonly #options: UnknownNodesOptions;
  /** When the API server is next asked about a node, by pool and name. */
  readonly #askAt = new WeakMap<Pool, Map<string, number>>();

  constructor(options: UnknownNodesOptions) {
    this.#options = options;
  }

  /** To be called at every look, once everything that exists was observed. */
  look(pool: Pool): void {
    const { pools, monotonic } = this.#options;
    const at = monotonic();
    const former = this.#askAt.get(pool);
    const askAt = new Map<string, number>();
    for (const { node } of pool.pods()) {
      if (node === undefined || askAt.has(node) || pools.knowsNode(node)) continue;
      const due = former?.get(node) ?? at;
      askAt.set(node, at >= due ? at + againMs : due);
      if (at >= due) void this.#ask(node);
    }
    this.#askAt.set(pool, askAt);
  }

  async #ask(name: string): Promise<void> {
    const { pools, cluster, log, monotonic } = this.#options;
    try {
      const node = await cluster.readNode(name);
      // The watch may have reported the node while the API server was asked.
      if (pools.knowsNode(name)) return;
      pools.observeNode(name, node, monotonic(), false);
    } catch (error) {
      log.warn({ node: name, err: error }, 'it is not known whether the node of some terminals exists, asking again');
    }
  }
}
