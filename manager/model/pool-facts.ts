// An immutable copy of everything that decisions about a pool read, at one moment. Observed objects never change, so the copy holds
// references to them and costs one map entry for each pod.

import type { Address } from '../../common/manager-api.ts';
import type { Fit, PortShortage } from './capacity.ts';
import type { ArrivalRate } from './estimators/arrivals.ts';
import type { SessionTimes } from './estimators/sessions.ts';
import type { StartTimes } from './estimators/starts.ts';
import type { ExposureFailures } from './exposure-failures.ts';
import type { ForcedScaleDown } from './forced-scale-down.ts';
import type { MissingPods } from './missing-pods.ts';
import { isLostState, isUnschedulableState, type NodeState } from './nodes.ts';
import {
  type ClaimRecord,
  type ObservedPod,
  type ObservedPool,
  type ObservedRoute,
  type ObservedService,
  podState,
} from './observation.ts';
import type { Pool } from './pool.ts';
import type { Settings } from './settings.ts';
import type { Schedule, Window } from './windows.ts';

/** What the pool knows about a pod beyond its observation. */
type PodFacts = {
  pod: ObservedPod;
  nodeState: NodeState;
  address: Address | undefined;
  /** Undefined for an unclaimed pod. */
  claim: ClaimFacts | undefined;
};

type ClaimFacts = {
  /** The visitor has another terminal that was claimed earlier and has been connected to. */
  isDuplicate: boolean;
  /** The visitor's terminal is another pod. */
  isSuperseded: boolean;
  /** The visitor has returned and waits for another terminal. */
  isGivenUp: boolean;
  isUnresponsive: boolean;
};

export class PoolFacts {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly name: string;
  readonly spec: ObservedPool | undefined;
  readonly replicas: number;
  readonly settings: Settings;
  readonly problems: readonly string[];
  readonly others: readonly ObservedPool[];
  readonly schedule: Schedule;
  readonly fits: ReadonlyMap<Window, Fit>;
  readonly forcedScaleDown: ForcedScaleDown | undefined;
  readonly portShortage: PortShortage | undefined;
  readonly missing: Pick<MissingPods, 'missing' | 'isMissing' | 'refusal'>;
  readonly exposureFailures: Pick<ExposureFailures, 'of' | 'lasting'>;
  readonly starts: StartTimes;
  readonly sessions: SessionTimes;
  readonly arrivalRates: readonly ArrivalRate[];
  /** The manager replaced pods of an old revision, and the new pods have the old revision again. */
  readonly replacedInVain: boolean;
  readonly #pods: readonly ObservedPod[];
  // By ordinal. Arrays, since they take half the time of maps.
  readonly #facts: PodFacts[] = [];
  readonly #services: readonly ObservedService[];
  readonly #routes: readonly ObservedRoute[];
  readonly #hasService: boolean[] = [];
  readonly #hasRoute: boolean[] = [];
  readonly #needsRoutes: boolean;

  constructor(pool: Pool, now: number) {
    this.now = now;
    this.name = pool.name;
    this.spec = pool.spec;
    this.replicas = pool.replicas;
    this.settings = pool.settings;
    this.problems = pool.problems;
    this.others = pool.others;
    this.schedule = pool.schedule;
    this.fits = pool.fits;
    this.forcedScaleDown = pool.forcedScaleDown;
    this.portShortage = pool.portShortage;
    this.missing = pool.missing.copy();
    this.exposureFailures = pool.exposureFailures.copy();
    this.starts = pool.starts.times();
    this.sessions = pool.sessions.times();
    this.arrivalRates = pool.arrivalRates(now);
    this.replacedInVain = pool.replacements.inVain;
    this.#pods = [...pool.pods()];
    for (const pod of this.#pods) this.#facts[pod.ordinal] = factsOf(pod, pool);
    this.#services = [...pool.services()];
    this.#routes = [...pool.routes()];
    for (const { ordinal } of this.#services) this.#hasService[ordinal] = !pool.lacksService(ordinal);
    for (const { ordinal } of this.#routes) this.#hasRoute[ordinal] = true;
    this.#needsRoutes = pool.exposure === 'ingress';
  }

  /** Every pod, in no particular order. */
  pods(): readonly ObservedPod[] {
    return this.#pods;
  }

  pod(ordinal: number): ObservedPod | undefined {
    return this.#facts[ordinal]?.pod;
  }

  services(): readonly ObservedService[] {
    return this.#services;
  }

  routes(): readonly ObservedRoute[] {
    return this.#routes;
  }

  lacksService(ordinal: number): boolean {
    return !this.#hasService[ordinal];
  }

  lacksRoute(ordinal: number): boolean {
    return this.#needsRoutes && !this.#hasRoute[ordinal];
  }

  /** The state of the pod's node. */
  nodeState(pod: ObservedPod): NodeState {
    return this.#factsOf(pod)?.nodeState ?? 'ready';
  }

  /** The pod's address for browsers. Undefined while unknown. */
  address(pod: ObservedPod): Address | undefined {
    return this.#factsOf(pod)?.address;
  }

  isLost(pod: ObservedPod): boolean {
    return isLostState(this.nodeState(pod));
  }

  isUnschedulable(pod: ObservedPod): boolean {
    return isUnschedulableState(this.nodeState(pod), pod);
  }

  isReady(pod: ObservedPod): boolean {
    return podState(pod) === 'ready' && !this.isUnschedulable(pod) && this.address(pod) !== undefined;
  }

  isDuplicate(pod: ObservedPod): boolean {
    return this.#factsOf(pod)?.claim?.isDuplicate === true;
  }

  isSuperseded(pod: ObservedPod): boolean {
    return this.#factsOf(pod)?.claim?.isSuperseded === true;
  }

  isGivenUp(pod: ObservedPod): boolean {
    return this.#factsOf(pod)?.claim?.isGivenUp === true;
  }

  isUnresponsive(pod: ObservedPod): boolean {
    return this.#factsOf(pod)?.claim?.isUnresponsive === true;
  }

  /** The latest end of the session in the pod, in milliseconds since 1970. Undefined while the pod is unclaimed. */
  expiryOf({ claim }: ObservedPod): number | undefined {
    return claim && claim.claimedAt + this.settings.maxLifetime;
  }

  #factsOf({ ordinal, uid }: ObservedPod): PodFacts | undefined {
    const facts = this.#facts[ordinal];
    return facts?.pod.uid === uid ? facts : undefined;
  }
}

const factsOf = (pod: ObservedPod, pool: Pool): PodFacts => ({
  pod,
  nodeState: pool.nodeState(pod),
  address: pool.address(pod),
  claim: pod.claim && claimFactsOf(pod, pod.claim, pool),
});

function claimFactsOf(pod: ObservedPod, { visitor, claimedAt }: ClaimRecord, pool: Pool): ClaimFacts {
  const waitsSince = pool.queue.since(visitor);
  return {
    isDuplicate: pool.isDuplicate(pod),
    isSuperseded: pool.terminalOf(visitor) !== pod,
    // The queue entry that led to this claim may still be stored, so compare the times.
    isGivenUp: waitsSince !== undefined && waitsSince >= claimedAt,
    isUnresponsive: pool.unresponsive.has(pod.uid),
  };
}
