// One pool through one trace, in simulated time. The manager's own Pool and planPool decide; a small StatefulSet and node
// execute the plan; pods have times in whole seconds, as in Kubernetes. Deterministic for a seed.

import TinyQueue from 'tinyqueue';
import type { ObservedPod } from '../../manager/model/observation.ts';
import { Pool } from '../../manager/model/pool.ts';
import { planPool } from '../../manager/plan/plan.ts';
import { evaluatePool, spareOf, takeSnapshot } from '../../manager/plan/snapshot.ts';
import { createRandom, logNormal } from './random.ts';
import type { Trace, Visit } from './traces.ts';

export type Outcome = {
  visitors: number;
  /** Share of the visitors who found a ready terminal at once. */
  hitRate: number;
  /** Idle ready terminals, averaged over time. */
  meanIdle: number;
  /** The longest wait of a visitor, in milliseconds. */
  worstWaitMs: number;
};

/** `startMs`: from a pod's creation until it is Ready, the median. `endMs`: from its deletion until its replacement is created. */
type Cluster = { startMs: number; endMs: number };

/** By the version of Kubernetes. 1.36: a deleted pod is replaced after 3.0 to 3.7 s, and Ready after 3.8 to 4.5 s. */
export const clusters = {
  '1.36': { startMs: 800, endMs: 3_350 },
  '1.20': { startMs: 8_000, endMs: 2_000 },
} as const satisfies Record<string, Cluster>;
export type ClusterVersion = keyof typeof clusters;
export const usualVersion: ClusterVersion = '1.36';

const orderMs = 200;
const startSpread = 0.3;
const lookEveryMs = 5_000;
const scaleDownDelayMs = 5 * 60_000;
const max = 2_000;

type Event = { at: number; act: () => void };

/** `windows`: the reserved part of the trace. `version`: the Kubernetes version whose pod times apply. */
export function simulate(
  trace: Trace,
  spare: string,
  seed = 1,
  { windows = [], version = usualVersion }: { windows?: Trace['windows']; version?: ClusterVersion } = {},
): Outcome {
  const world = new World(spare, windows, seed, clusters[version]);
  for (const visit of trace.visits) world.schedule(visit.at, () => world.arrive(visit, visit.at >= trace.countFrom));
  for (let at = 0; at < trace.endsAt; at += lookEveryMs) world.schedule(at, () => world.look());
  return world.run(trace);
}

class World {
  readonly #pool = new Pool('p', { hostOf: () => '192.0.2.1' });
  readonly #events = new TinyQueue<Event>([], (a, b) => a.at - b.at);
  readonly #waiting: { visit: Visit; counts: boolean }[] = [];
  readonly #random: () => number;
  readonly #cluster: Cluster;
  #now = 0;
  #version = 1;
  #surplusSince: number | undefined;
  #visitors = 0;
  #hits = 0;
  #worstWaitMs = 0;

  constructor(spare: string, windows: NonNullable<Trace['windows']>, seed: number, cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = createRandom(seed + 1_000_000);
    const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
    const prewarm = windows.map(({ from, to, ...rest }) => ({ ...rest, from: iso(from), to: iso(to) }));
    const annotations = {
      'warmterm.dev/spare': spare,
      'warmterm.dev/max': String(max),
      'warmterm.dev/prewarm': JSON.stringify(prewarm),
    };
    this.#pool.observeSpec({
      name: 'p',
      statefulSet: 'p',
      uid: 'p',
      version: 1,
      createdAt: 0,
      replicas: 0,
      revision: undefined,
      annotations,
    });
    if (this.#pool.problems.length > 0) throw new Error(this.#pool.problems.join());
  }

  schedule(at: number, act: () => void): void {
    this.#events.push({ at, act });
  }

  run({ countFrom, endsAt }: Trace): Outcome {
    let idle = 0;
    for (let event = this.#events.pop(); event && event.at <= endsAt; event = this.#events.pop()) {
      const from = Math.max(this.#now, countFrom);
      if (event.at > from) idle += this.#countReady() * (event.at - from);
      this.#now = event.at;
      event.act();
      this.#serve();
      this.#scaleUp();
    }
    return {
      visitors: this.#visitors,
      hitRate: this.#hits / this.#visitors,
      meanIdle: idle / (endsAt - countFrom),
      worstWaitMs: this.#worstWaitMs,
    };
  }

  arrive(visit: Visit, counts: boolean): void {
    this.#waiting.push({ visit, counts });
  }

  /** Scales down from the top what was surplus for the whole delay, without the fences that real visitors need. */
  look(): void {
    const snapshot = takeSnapshot(this.#pool, this.#now);
    const surplus = snapshot.counts.ready + snapshot.counts.recreating - spareOf(snapshot);
    this.#surplusSince = surplus > 0 ? (this.#surplusSince ?? this.#now) : undefined;
    if (this.#now - (this.#surplusSince ?? this.#now) < scaleDownDelayMs) return;
    let replicas = this.#pool.replicas;
    for (let left = surplus; left > 0 && !this.#pool.pod(replicas - 1)?.taken; left--) {
      replicas--;
      const pod = this.#pool.pod(replicas);
      if (pod) this.#pool.observePodGone(replicas, pod.uid);
    }
    this.#resize(replicas);
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const pod = this.#pool.ready.take();
      if (!pod) return;
      const { visit, counts } = this.#waiting.shift()!;
      const claim = { id: pod.uid, visitor: pod.uid, claimedAt: this.#now, connectedAt: this.#now, restarts: 0 };
      const claimed = this.#put({ ...pod, taken: true, claim });
      this.#pool.ready.release(pod);
      this.schedule(this.#now + visit.staysMs, () => this.#end(claimed));
      if (!counts) continue;
      this.#visitors++;
      if (visit.at === this.#now) this.#hits++;
      this.#worstWaitMs = Math.max(this.#worstWaitMs, this.#now - visit.at);
    }
  }

  #countReady(): number {
    const { replicas } = this.#pool;
    return [...this.#pool.pods()].filter((pod) => pod.ordinal < replicas && this.#pool.isReady(pod)).length;
  }

  #scaleUp(): void {
    const { scaleTo } = planPool(evaluatePool(this.#pool, this.#now, this.#waiting.length));
    if (scaleTo !== undefined && scaleTo > this.#pool.replicas) this.#resize(scaleTo);
  }

  #resize(replicas: number): void {
    const before = this.#pool.replicas;
    this.#pool.observeSpec({ ...this.#pool.spec!, version: ++this.#version, replicas });
    for (let ordinal = before; ordinal < replicas; ordinal++) {
      const [name, pool, nodePort] = [`p-${ordinal}`, 'p', 30_000 + ordinal];
      this.#pool.observeService({ name, uid: name, pool, ordinal, nodePort });
      this.schedule(this.#now + orderMs, () => this.#create(ordinal));
    }
  }

  #create(ordinal: number): void {
    if (ordinal >= this.#pool.replicas || this.#pool.pod(ordinal)) return;
    const pod = this.#put({
      name: `p-${ordinal}`,
      uid: `uid-${this.#version}`,
      pool: 'p',
      ordinal,
      version: 0,
      node: 'n',
      podAddress: undefined,
      healthAddress: undefined,
      createdAt: inSeconds(this.#now),
      ready: false,
      readyChangedAt: undefined,
      trouble: undefined,
      terminating: false,
      taken: false,
      retired: false,
      revision: undefined,
      claim: undefined,
      annotated: true,
    });
    this.schedule(this.#now + logNormal(this.#random, this.#cluster.startMs, startSpread), () => this.#become(pod));
  }

  #become(pod: ObservedPod): void {
    const now = this.#pool.pod(pod.ordinal);
    if (now?.uid === pod.uid) this.#put({ ...now, ready: true, readyChangedAt: inSeconds(this.#now) });
  }

  #end(pod: ObservedPod): void {
    this.#put({ ...pod, terminating: true });
    this.schedule(this.#now + this.#cluster.endMs, () => {
      this.#pool.observePodGone(pod.ordinal, pod.uid);
      this.#create(pod.ordinal);
    });
  }

  #put(pod: ObservedPod): ObservedPod {
    const next = { ...pod, version: ++this.#version };
    this.#pool.observePod(next);
    return next;
  }
}

const inSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;
