// What this manager knows of the nodes that its pods are on. A node that is NotReady or deleted is away; its sessions are lost
// after a grace period. The period starts when this manager first saw the node away, by its own monotonic clock (`at`), as with
// the Lease: the node's lastTransitionTime comes from the clock of a kubelet or of a controller, which may be wrong by an hour.
//
// A manager that starts therefore counts anew. That delays a loss by one grace period per restart, and not for ever even if
// managers restart more often than that: Kubernetes deletes the pods of an unreachable node itself (tolerationSeconds, 300 s
// by default), and a pod that is being deleted is nobody's terminal any more.

import { isDeepStrictEqual } from 'node:util';
import type { ObservedNode, ObservedPod } from './observation.ts';

export type NodeState =
  /** No watch has reported it, and the API server has not been asked yet. */
  | 'unseen'
  | 'ready'
  /** Ready, and about to be emptied. */
  | 'cordoned'
  | 'not-ready'
  /** NotReady for longer than the grace period. */
  | 'lost'
  | 'deleted'
  /** Away for longer than the grace period, and deleted. */
  | 'gone';

type Known = {
  /** undefined: deleted. */
  node: ObservedNode | undefined;
  /** When it was first seen away, NotReady or deleted; undefined while it is Ready. */
  awaySince: number | undefined;
  state: NodeState;
  /** Whether a watch has reported it, rather than an answer to a question. */
  reported: boolean;
};

// Kubernetes itself waits for 40 s without a heartbeat before it marks a node NotReady. A kubelet that registers its node again
// within this time keeps its sessions.
export const nodeGraceMs = 10_000;

/** The state of a node that has been away for `awayMs`; `node` is undefined for one that was deleted. */
export function assessNode(node: ObservedNode | undefined, awayMs: number): NodeState {
  const isOver = awayMs >= nodeGraceMs;
  if (!node) return isOver ? 'gone' : 'deleted';
  if (!node.ready) return isOver ? 'lost' : 'not-ready';
  return node.cordoned ? 'cordoned' : 'ready';
}

export const isDeletedState = (state: NodeState): boolean => state === 'deleted' || state === 'gone';

/**
 * Whether a visitor who comes back is given another terminal. A deleted node is given up at once, without the grace period: its
 * node ports have no address any more, Kubernetes removes its pods within a minute, and a running kubelet does not register
 * its node again. Open sessions go on: their pods are kept for the grace period, unless their visitors ask for others.
 */
export const isLostState = (state: NodeState): boolean => state === 'lost' || isDeletedState(state);

/**
 * Whether a pod on a node in this state is nothing to count on, so that another is made elsewhere. A pod that leaves a cordoned
 * node is made again on another node; one that should leave a dead node does not go.
 */
export const isUnschedulableState = (state: NodeState, { terminating }: ObservedPod): boolean =>
  state === 'cordoned' ? !terminating : state === 'not-ready' || isLostState(state);

export class Nodes {
  readonly #known = new Map<string, Known>();

  /** Those that exist. */
  *all(): Iterable<ObservedNode> {
    for (const { node } of this.#known.values()) if (node) yield node;
  }

  get(name: string): ObservedNode | undefined {
    return this.#known.get(name)?.node;
  }

  state(name: string): NodeState {
    return this.#known.get(name)?.state ?? 'unseen';
  }

  /** Whether a watch has reported the node, or it is known to be deleted. */
  knows(name: string): boolean {
    const known = this.#known.get(name);
    return known !== undefined && (known.reported || known.node === undefined);
  }

  /**
   * Takes in a node as it is at the time `at`, or that it was deleted. `reported` by a watch; else the API server was asked. A node
   * that is NotReady, deleted and registered again has been away since it was first NotReady. Returns whether anything changed.
   */
  observe(name: string, node: ObservedNode | undefined, at: number, reported = true): boolean {
    const former = this.#known.get(name);
    const isAway = !node?.ready;
    const awaySince = isAway ? (former?.awaySince ?? at) : undefined;
    const state = assessNode(node, awaySince === undefined ? 0 : at - awaySince);
    this.#known.set(name, { node, awaySince, state, reported: reported || former?.reported === true });
    return state !== former?.state || !isDeepStrictEqual(former?.node, node);
  }

  /** Forgets deleted nodes that no pod is on. */
  forgetDeleted(isInUse: (name: string) => boolean): void {
    for (const [name, { node }] of this.#known) if (!node && !isInUse(name)) this.#known.delete(name);
  }

  /** To be called every second or so: ends grace periods that are over at `at`. Returns whether one has ended. */
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
