// The nodes of the pods, as this manager observes them. A node that is NotReady or deleted is away, and its sessions are lost after a
// grace period. The period starts when this manager first observed the node away, by its own monotonic clock (`at`), as with a
// Lease. The node's lastTransitionTime comes from another clock, which may be wrong by an hour.
//
// A manager that starts therefore begins the period again. Each restart delays the loss by one grace period. The delay is bounded
// even if managers restart all the time: Kubernetes itself deletes the pods of an unreachable node (tolerationSeconds, 300 s by
// default), and a pod that is being deleted no longer counts as a terminal.

import { isDeepStrictEqual } from 'node:util';
import type { ObservedNode, ObservedPod } from './observation.ts';

export type NodeState =
  /** No watch has reported it, and the API server has not answered for it yet. */
  | 'unseen'
  | 'ready'
  /** Ready, but closed to new pods: it is about to be drained. */
  | 'cordoned'
  | 'not-ready'
  /** NotReady for longer than the grace period. */
  | 'lost'
  | 'deleted'
  /** Away for longer than the grace period, then deleted. */
  | 'gone';

type Known = {
  /** Undefined if the node was deleted. */
  node: ObservedNode | undefined;
  /** When this manager first observed it NotReady or deleted. Undefined while it is Ready. */
  awaySince: number | undefined;
  state: NodeState;
  /** Whether a watch has reported it. Otherwise it was read with a request. */
  reported: boolean;
};

// Kubernetes marks a node NotReady after 40 s without a heartbeat. Sessions survive if the kubelet registers the node again within
// this time.
export const nodeGraceMs = 10_000;

/** The state of a node that has been away for `awayMs`. `node` is undefined for a deleted node. */
export function assessNode(node: ObservedNode | undefined, awayMs: number): NodeState {
  const isOver = awayMs >= nodeGraceMs;
  if (!node) return isOver ? 'gone' : 'deleted';
  if (!node.ready) return isOver ? 'lost' : 'not-ready';
  return node.cordoned ? 'cordoned' : 'ready';
}

export const isDeletedState = (state: NodeState): boolean => state === 'deleted' || state === 'gone';

/**
 * Whether a visitor who reconnects gets another terminal. For a deleted node this applies at once, without the grace period: its
 * node ports have no address, Kubernetes deletes its pods within a minute, and a running kubelet does not register its node
 * again. Open sessions continue: their pods stay for the grace period, unless their visitors ask for another terminal.
 */
export const isLostState = (state: NodeState): boolean => state === 'lost' || isDeletedState(state);

/**
 * Whether a pod on such a node does not count, so that the pool creates another. A terminating pod on a cordoned node will be
 * created again on another node. A terminating pod on a NotReady node stays there.
 */
export const isUnschedulableState = (state: NodeState, { terminating }: ObservedPod): boolean =>
  state === 'cordoned' ? !terminating : state === 'not-ready' || isLostState(state);

export class Nodes {
  readonly #known = new Map<string, Known>();

  /** The nodes that exist. */
  *all(): Iterable<ObservedNode> {
    for (const { node } of this.#known.values()) if (node) yield node;
  }

  get(name: string): ObservedNode | undefined {
    return this.#known.get(name)?.node;
  }

  state(name: string): NodeState {
    return this.#known.get(name)?.state ?? 'unseen';
  }

  /** Whether a watch has reported the node, or it was deleted. */
  knows(name: string): boolean {
    const known = this.#known.get(name);
    return known !== undefined && (known.reported || known.node === undefined);
  }

  /**
   * Records a node at the time `at`, or its deletion. `reported`: by a watch, otherwise by a request. A node that was NotReady,
   * then deleted and registered again, is away since it was first NotReady. Returns whether anything changed.
   */
  observe(name: string, node: ObservedNode | undefined, at: number, reported = true): boolean {
    const former = this.#known.get(name);
    const isAway = !node?.ready;
    const awaySince = isAway ? (former?.awaySince ?? at) : undefined;
    const state = assessNode(node, awaySince === undefined ? 0 : at - awaySince);
    this.#known.set(name, { node, awaySince, state, reported: reported || former?.reported === true });
    return state !== former?.state || !isDeepStrictEqual(former?.node, node);
  }

  /** Removes deleted nodes without pods. */
  forgetDeleted(isInUse: (name: string) => boolean): void {
    for (const [name, { node }] of this.#known) if (!node && !isInUse(name)) this.#known.delete(name);
  }

  /** Ends the grace periods that are over at `at`; returns whether there was one. Call it about once a second. */
  look(at: number): boolean {
    let changed = false;
    for (const known of this.#known.values()) {
      if (known.awaySince === undefined) continue;
      const state = assessNode(known.node, at - known.awaySince);
      changed ||= state !== known.state;
      known.state = state;
    }
    return changed;
  }
}
