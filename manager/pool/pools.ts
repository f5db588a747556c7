// All pools of the namespace, and the nodes under them: where observations go in, and terminals are found.

import { isDeepStrictEqual } from 'node:util';
import type { Address } from '../../common/manager-api.ts';
import type { Observation, ObservedNode, ObservedPod } from './observation.ts';
import { type ExposureMode, Pool } from './pool.ts';

const rememberedGone = 1_000;

export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #nodes = new Map<string, ObservedNode>();
  // A "gone" tells a name only; these tell what it was.
  readonly #podsByName = new Map<string, ObservedPod>();
  readonly #podsByUid = new Map<string, ObservedPod>();
  readonly #servicesByName = new Map<string, { pool: string; ordinal: number }>();
  readonly #routesByName = new Map<string, { pool: string; ordinal: number }>();
  readonly #poolsByRoom = new Map<string, string>();
  readonly #poolsByStatefulSet = new Map<string, string>();
  // UIDs of pods that are gone: the answer to a patch can arrive after the watch has told of the deletion.
  readonly #gone = new Set<string>();

  readonly #exposure: ExposureMode;

  constructor(exposure: ExposureMode = 'nodePort') {
    this.#exposure = exposure;
  }

  /** Pools that have a StatefulSet. */
  *all(): Iterable<Pool> {
    for (const pool of this.#pools.values()) if (pool.spec) yield pool;
  }

  get(name: string): Pool | undefined {
    const pool = this.#pools.get(name);
    return pool?.spec ? pool : undefined;
  }

  nodes(): Iterable<ObservedNode> {
    return this.#nodes.values();
  }

  podByUid(uid: string): ObservedPod | undefined {
    return this.#podsByUid.get(uid);
  }

  /** Where browsers reach the pod; undefined while that is not known. */
  address(pod: ObservedPod): Address | undefined {
    return this.#pools.get(pod.pool)?.address(pod);
  }

  /** Takes in one observation; returns the pool that it is about, if it is about one. */
  observe(observation: Observation): Pool | undefined {
    switch (observation.kind) {
      case 'pod':
        return this.#observePod(observation.name, observation.object);
      case 'pool':
        return this.#observePool(observation);
      case 'service':
        return this.#observeService(observation);
      case 'route':
        return this.#observeRoute(observation);
      case 'room':
        return this.#observeRoom(observation);
      case 'node':
        this.#observeNode(observation.name, observation.object);
        return undefined;
    }
  }

  /** What deleting a pod came to: the pod as it is going, or undefined when it was gone. A successor of its name stays. */
  observeDeletion({ name, uid }: { name: string; uid: string }, going: ObservedPod | undefined): Pool | undefined {
    if (going) return this.#observePod(name, going);
    return this.#podsByName.get(name)?.uid === uid ? this.#observePod(name, undefined) : undefined;
  }

  #bury(uid: string): void {
    this.#gone.add(uid);
    if (this.#gone.size > rememberedGone) for (const oldest of this.#gone) return void this.#gone.delete(oldest);
  }

  #ensure(name: string): Pool {
    const known = this.#pools.get(name);
    if (known) return known;
    const nodeOf = (pod: ObservedPod) => (pod.node === undefined ? undefined : this.#nodes.get(pod.node));
    const pool = new Pool(name, { exposure: this.#exposure, hostOf: (pod) => nodeOf(pod)?.host, nodeOf });
    this.#pools.set(name, pool);
    return pool;
  }

  #observeNode(name: string, node: ObservedNode | undefined): void {
    const former = this.#nodes.get(name);
    if (node) this.#nodes.set(name, node);
    else this.#nodes.delete(name);
    // A node tells of itself every few seconds; that seldom concerns its pods.
    if (!isDeepStrictEqual(former, node)) for (const pool of this.#pools.values()) pool.rebuildQueue();
  }

  #observePod(name: string, pod: ObservedPod | undefined): Pool | undefined {
    const former = this.#podsByName.get(name);
    if (former && pod && former.version > pod.version) return undefined;
    if (pod && this.#gone.has(pod.uid)) return undefined;
    if (former && former.uid !== pod?.uid) {
      this.#podsByUid.delete(former.uid);
      this.#bury(former.uid);
      this.#ensure(former.pool).observePodGone(former.ordinal, former.uid);
    }
    if (!pod) {
      this.#podsByName.delete(name);
      return former && this.#ensure(former.pool);
    }
    this.#podsByName.set(name, pod);
    this.#podsByUid.set(pod.uid, pod);
    const pool = this.#ensure(pod.pool);
    pool.observePod(pod);
    return pool;
  }

  #observePool({ name, object }: Observation & { kind: 'pool' }): Pool | undefined {
    const poolName = object?.name ?? this.#poolsByStatefulSet.get(name);
    if (poolName === undefined) return undefined;
    const pool = this.#ensure(poolName);
    // Two StatefulSets with one pool's label: the first one seen is the pool.
    if (pool.spec && pool.spec.statefulSet !== name) return undefined;
    if (object) this.#poolsByStatefulSet.set(name, poolName);
    else this.#poolsByStatefulSet.delete(name);
    pool.observeSpec(object);
    return pool;
  }

  #observeService({ name, object }: Observation & { kind: 'service' }): Pool | undefined {
    const about = object ?? this.#servicesByName.get(name);
    if (!about) return undefined;
    const pool = this.#ensure(about.pool);
    if (object) {
      this.#servicesByName.set(name, object);
      pool.observeService(object);
    } else {
      this.#servicesByName.delete(name);
      pool.observeServiceGone(about.ordinal);
    }
    return pool;
  }

  #observeRoom({ name, object }: Observation & { kind: 'room' }): Pool | undefined {
    const poolName = object?.pool ?? this.#poolsByRoom.get(name);
    if (poolName === undefined) return undefined;
    const pool = this.#ensure(poolName);
    // As with StatefulSets: of two with one pool's label, the first one seen.
    if (pool.room && pool.room.name !== name) return undefined;
    if (object) this.#poolsByRoom.set(name, poolName);
    else this.#poolsByRoom.delete(name);
    pool.observeRoom(object);
    return pool;
  }

  #observeRoute({ name, object }: Observation & { kind: 'route' }): Pool | undefined {
    const about = object ?? this.#routesByName.get(name);
    if (!about) return undefined;
    const pool = this.#ensure(about.pool);
    if (object) {
      this.#routesByName.set(name, object);
      pool.observeRoute(object);
    } else {
      this.#routesByName.delete(name);
      pool.observeRouteGone(about.ordinal);
    }
    return pool;
  }
}
