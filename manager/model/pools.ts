// All pools of the namespace and their nodes: records observations, finds terminals, and notifies subscribers of changes.

import type { Address } from '../../common/manager-api.ts';
import { Nodes } from './nodes.ts';
import type {
  ExposureMode,
  Observation,
  ObservedNode,
  ObservedPod,
  ObservedPool,
  ObservedRoute,
  ObservedService,
  StoredQueue,
} from './observation.ts';
import { Pool } from './pool.ts';

const rememberedGone = 1_000;
/** For how long a pool without a StatefulSet is expected to be recreated. */
export const awayMs = 5 * 60_000;

export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #nodes = new Nodes();
  /** StatefulSets with a pool label, by name. */
  readonly #sets = new Map<string, ObservedPool>();
  // By name, because a deletion reports only the name. A pod is in its pool if the pool's StatefulSet owns it. The others are kept
  // here: lists arrive in any order, and a StatefulSet adopts the pods of a deleted one with its name.
  readonly #podsByName = new Map<string, ObservedPod>();
  readonly #podsByUid = new Map<string, ObservedPod>();
  /** Names of terminals in use that no StatefulSet owns. */
  readonly #orphans = new Set<string>();
  readonly #services = new Map<string, ObservedService>();
  readonly #routes = new Map<string, ObservedRoute>();
  readonly #storedQueues = new Map<string, StoredQueue>();
  // UIDs of deleted pods: the answer to a patch can arrive after the watch has reported the deletion.
  readonly #gone = new Set<string>();

  #synced = false;
  /** Pools that have changed since the last notification. */
  readonly #changed = new Set<Pool>();
  readonly #listeners = new Set<(pool: Pool) => void>();
  readonly #observers = new Set<(observation: Observation) => void>();

  /** The time of the latest observation. */
  #latest = 0;

  readonly #exposure: ExposureMode;

  constructor(exposure: ExposureMode = 'nodePort') {
    this.#exposure = exposure;
  }

  /** Whether the initial lists are complete, so that claims can be answered. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Marks the initial lists as complete. Changes are notified from now on. */
  markSynced(): void {
    this.#synced = true;
    for (const pool of this.all()) pool.changed();
  }

  /**
   * Calls `listener` after a pool has changed: once for all changes in one turn of the event loop, and not before `markSynced`.
   * Listeners run in the order of subscription. Returns the function that unsubscribes.
   */
  subscribe(listener: (pool: Pool) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls `listener` immediately for each observation of a pool or pod, except those older than the known version. */
  subscribeToObservations(listener: (observation: Observation) => void): void {
    this.#observers.add(listener);
  }

  #noteChange(pool: Pool): void {
    if (!this.#synced) return;
    if (this.#changed.size === 0) setImmediate(() => this.#notify());
    this.#changed.add(pool);
  }

  #notify(): void {
    const pools = [...this.#changed];
    this.#changed.clear();
    for (const listener of this.#listeners) for (const pool of pools) listener(pool);
  }

  /** Pools that have a StatefulSet. */
  *all(): Iterable<Pool> {
    for (const pool of this.#pools.values()) if (pool.spec) yield pool;
  }

  get(name: string): Pool | undefined {
    const pool = this.#pools.get(name);
    return pool?.spec ? pool : undefined;
  }

  /** The pool of that name, even without a StatefulSet. Undefined if no observed object has had its label. */
  known(name: string): Pool | undefined {
    return this.#pools.get(name);
  }

  /** Pools without a StatefulSet that expect one at `now`: it was deleted recently, or objects that it owned were found recently. */
  *away(now: number): Iterable<Pool> {
    for (const pool of this.#pools.values()) {
      if (pool.awaySince !== undefined && now < pool.awaySince + awayMs) yield pool;
    }
  }

  /** Whether a terminal of the visitor is waiting to be adopted by the pool's StatefulSet. */
  hasOrphan(pool: Pool, visitor: string): boolean {
    for (const name of this.#orphans) {
      const pod = this.#podsByName.get(name)!;
      const isNext = pod.pool === pool.name && name === `${pool.spec?.statefulSet}-${pod.ordinal}`;
      if (isNext && pod.claim?.visitor === visitor) return true;
    }
    return false;
  }

  /** The terminals of all claimants of one owner, also in pools whose StatefulSet is missing. */
  *terminalsOf(owner: string): Iterable<{ pool: Pool; pod: ObservedPod }> {
    for (const pool of this.#pools.values()) for (const pod of pool.terminalsOf(owner)) yield { pool, pod };
  }

  nodes(): Iterable<ObservedNode> {
    return this.#nodes.all();
  }

  /** Whether a watch has reported the node, or it was deleted. */
  knowsNode(name: string): boolean {
    return this.#nodes.knows(name);
  }

  podByUid(uid: string): ObservedPod | undefined {
    return this.#podsByUid.get(uid);
  }

  /** The pod's address for browsers. Undefined while unknown. */
  address(pod: ObservedPod): Address | undefined {
    return this.#pools.get(pod.pool)?.address(pod);
  }

  /**
   * Records one observation, made at `now` (milliseconds since 1970) and `at` (monotonic clock). Returns the pool that it belongs to,
   * if there is one.
   */
  observe(observation: Observation, now = 0, at = 0): Pool | undefined {
    this.#latest = Math.max(this.#latest, now);
    const pool = this.#take(observation, at);
    if (!pool) return undefined;
    pool.changed();
    for (const observer of this.#observers) observer(observation);
    return pool;
  }

  #take(observation: Observation, at: number): Pool | undefined {
    switch (observation.kind) {
      case 'pod':
        return this.#observePod(observation.name, observation.object);
      case 'pool':
        return this.#observeSet(observation);
      case 'service':
        return this.#observeOwned(this.#services, observation, {
          add: (pool, service) => pool.observeService(service),
          remove: (pool, { ordinal }) => pool.observeServiceGone(ordinal),
        });
      case 'route':
        return this.#observeOwned(this.#routes, observation, {
          add: (pool, route) => pool.observeRoute(route),
          remove: (pool, { ordinal }) => pool.observeRouteGone(ordinal),
        });
      case 'queue':
        return this.#observeOwned(this.#storedQueues, observation, {
          add: (pool, stored) => pool.observeQueue(stored, this.#latest),
          remove: (pool) => pool.observeQueue(undefined, this.#latest),
        });
      case 'node':
        this.observeNode(observation.name, observation.object, at);
        return undefined;
    }
  }

  /** Records a node at `at`, or its deletion. `reported`: by a watch, otherwise by a request to the API server. */
  observeNode(name: string, node: ObservedNode | undefined, at: number, reported = true): void {
    const changed = this.#nodes.observe(name, node, at, reported);
    if (!node) {
      const inUse = new Set([...this.#podsByName.values()].map(({ node }) => node));
      this.#nodes.forgetDeleted((deleted) => inUse.has(deleted));
    }
    // A node reports every few seconds, mostly without a change that affects its pods.
    if (!changed) return;
    for (const pool of this.#pools.values()) {
      pool.rebuildQueue();
      pool.changed();
    }
  }

  /** Ends the grace periods of nodes that are over at `at`, by the monotonic clock. Call it before each evaluation. */
  updateNodes(at: number): void {
    if (this.#nodes.look(at)) for (const pool of this.all()) pool.changed();
  }

  /** Records the answer to a deletion: the terminating pod, or undefined if it is gone. A successor of its name stays. */
  observeDeletion({ name, uid }: { name: string; uid: string }, going: ObservedPod | undefined): Pool | undefined {
    if (!going && this.#podsByName.get(name)?.uid !== uid) return undefined;
    return this.observe({ kind: 'pod', name, object: going }, this.#latest);
  }

  #bury(uid: string): void {
    this.#gone.add(uid);
    if (this.#gone.size > rememberedGone) for (const oldest of this.#gone) return void this.#gone.delete(oldest);
  }

  #ensure(name: string): Pool {
    const known = this.#pools.get(name);
    if (known) return known;
    // A pod without a node waits to be scheduled, so no node can be at fault.
    const nodeStateOf = ({ node }: ObservedPod) => (node === undefined ? 'ready' : this.#nodes.state(node));
    const hostOf = ({ node = '' }: ObservedPod) => this.#nodes.get(node)?.host;
    const pool = new Pool(name, {
      exposure: this.#exposure,
      hostOf,
      nodeStateOf,
      onChange: (changed) => this.#noteChange(changed),
    });
    pool.awaySince = this.#latest;
    this.#pools.set(name, pool);
    return pool;
  }

  #observePod(name: string, pod: ObservedPod | undefined): Pool | undefined {
    const former = this.#podsByName.get(name);
    if (former && pod && former.version > pod.version) return undefined;
    if (pod && this.#gone.has(pod.uid)) return undefined;
    if (former && former.uid !== pod?.uid) {
      this.#podsByUid.delete(former.uid);
      this.#bury(former.uid);
    }
    if (pod) this.#podsByUid.set(pod.uid, pod);
    if (pod?.claim && pod.owner === undefined && !pod.terminating) this.#orphans.add(name);
    else this.#orphans.delete(name);
    return this.#observeOwned(
      this.#podsByName,
      { name, object: pod },
      {
        add: (pool, pod) => pool.observePod(pod),
        remove: (pool, { ordinal, uid }) => pool.observePodGone(ordinal, uid),
      },
    );
  }

  /** Stores an object under its name, and adds it to its pool or removes it. */
  #observeOwned<T extends Owned>(
    all: Map<string, T>,
    { name, object }: { name: string; object: T | undefined },
    { add, remove }: { add: (pool: Pool, object: T) => void; remove: (pool: Pool, object: T) => void },
  ): Pool | undefined {
    const former = all.get(name);
    const formerPool = former && this.#ensure(former.pool);
    const pool = object && this.#ensure(object.pool);
    if (object) all.set(name, object);
    else all.delete(name);
    const stays = former?.uid === object?.uid && formerPool === pool && pool?.owns(object!);
    if (former && formerPool!.owns(former) && !stays) remove(formerPool!, former);
    if (object && pool!.owns(object)) add(pool!, object);
    return pool ?? formerPool;
  }

  #observeSet({ name, object, answered }: Observation & { kind: 'pool' }): Pool | undefined {
    const former = this.#sets.get(name);
    if (answered && former?.uid !== object?.uid) return undefined;
    if (object && former?.uid === object.uid && object.version < former.version) return undefined;
    if (object) this.#sets.set(name, object);
    else this.#sets.delete(name);
    if (former && former.name !== object?.name) {
      this.#appoint(this.#ensure(former.name));
      this.#ensure(former.name).changed();
    }
    const poolName = object?.name ?? former?.name;
    if (poolName === undefined) return undefined;
    const pool = this.#ensure(poolName);
    this.#appoint(pool);
    return pool;
  }

  /** Picks the pool's StatefulSet among several with its label: the oldest, so that all managers agree. */
  #appoint(pool: Pool): void {
    const candidates = [...this.#sets.values()].filter(({ name }) => name === pool.name);
    const [first, ...others] = candidates.sort(bySeniority);
    const formerOwner = pool.owner;
    pool.observeSpec(first);
    pool.others = others;
    pool.awaySince = first ? undefined : (pool.awaySince ?? this.#latest);
    if (pool.owner === formerOwner) return;
    const isOwned = (object: Owned) => object.pool === pool.name && pool.owns(object);
    for (const service of this.#services.values()) if (isOwned(service)) pool.observeService(service);
    for (const route of this.#routes.values()) if (isOwned(route)) pool.observeRoute(route);
    for (const stored of this.#storedQueues.values()) if (isOwned(stored)) pool.observeQueue(stored, this.#latest);
    for (const pod of this.#podsByName.values()) if (isOwned(pod)) pool.observePod(pod);
  }
}

type Owned = { uid: string; pool: string; owner?: string };

// A StatefulSet with volumeClaimTemplates is refused, so it comes last.
const bySeniority = (a: ObservedPool, b: ObservedPool): number =>
  Number(a.claimTemplates !== undefined) - Number(b.claimTemplates !== undefined) ||
  a.createdAt - b.createdAt ||
  (a.statefulSet < b.statefulSet ? -1 : 1);
