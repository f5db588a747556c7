// Chooses faults of requests and watches, by seeded random numbers, and counts them by kind. Knows no HTTP.

import { exponential, type Random } from '../bench/simulate/random.ts';

/** The kind of a request to the API server. */
export type RequestKind = 'watch' | 'list' | 'read' | 'write';

export type RequestFault =
  /** The request is delayed. */
  | { kind: 'delay'; ms: number }
  /** The answer is this much older than its arrival. */
  | { kind: 'late answer'; ms: number }
  /** The request is lost. */
  | { kind: 'lost request' }
  /** The request takes effect, but its answer is lost. */
  | { kind: 'lost response' }
  | { kind: '409' | '410' | '429' | '500' }
  /** The answer of an earlier list. */
  | { kind: 'stale list' };

/** The cause for which the API server refuses Services: a quota, a webhook, or no free port. */
export type ServiceRefusal = 403 | 422;

export type LineFault =
  | { kind: 'duplicated event' }
  /** Arrives after the next event. */
  | { kind: 'reordered event' }
  /** Half of the event arrives, then nothing more. */
  | { kind: 'half-written event' }
  /** The watch reports that it cannot continue: HTTP 200, and an event of code 410. */
  | { kind: 'expired watch' }
  | { kind: 'stalled watch'; ms: number };

export type FaultKind = RequestFault['kind'] | LineFault['kind'];

// Each kind with its share of the faults of its request type.
const everyRequest: [number, (random: Random) => RequestFault][] = [
  [4, (random) => ({ kind: 'delay', ms: exponential(random, 400) })],
  [4, (random) => ({ kind: 'late answer', ms: exponential(random, 400) })],
  [3, () => ({ kind: 'lost request' })],
  [3, () => ({ kind: 'lost response' })],
  [2, () => ({ kind: '429' })],
  [2, () => ({ kind: '500' })],
];
const requestFaults: Record<RequestKind, typeof everyRequest> = {
  watch: [...everyRequest, [3, () => ({ kind: '410' })]],
  list: [...everyRequest, [2, () => ({ kind: '410' })], [8, () => ({ kind: 'stale list' })]],
  read: everyRequest,
  write: [...everyRequest, [3, () => ({ kind: '409' })]],
};
const lineFaults: [number, (random: Random) => LineFault][] = [
  [8, () => ({ kind: 'duplicated event' })],
  [8, () => ({ kind: 'reordered event' })],
  [2, () => ({ kind: 'half-written event' })],
  [1, () => ({ kind: 'expired watch' })],
  [3, (random) => ({ kind: 'stalled watch', ms: exponential(random, 700) })],
];

/** The shares of requests, and of watch events, that have a fault. */
export type Intensity = { requests: number; events: number };

export type Faults = ReturnType<typeof createFaults>;

/** Faults chosen by `random`; none until `set` has been called. */
export function createFaults(random: Random) {
  let intensity: Intensity | undefined;
  let services: ServiceRefusal | undefined;
  const counts = new Map<FaultKind, number>();

  function draw<Fault extends RequestFault | LineFault>(
    share: number | undefined,
    table: [number, (random: Random) => Fault][],
  ): Fault | undefined {
    if (share === undefined || random() >= share) return undefined;
    let left = random() * table.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of table) {
      left -= weight;
      if (left < 0) return make(random);
    }
    return undefined;
  }

  return {
    set(to: Intensity | undefined): void {
      intensity = to;
    },
    /** From now on no Service is created; undefined: they are created again. */
    refuseServices(by: ServiceRefusal | undefined): void {
      services = by;
    },
    ofService: () => services,
    ofRequest: (kind: RequestKind) => draw(intensity?.requests, requestFaults[kind]),
    ofEvent: () => draw(intensity?.events, lineFaults),
    /** A fault has occurred. */
    count(kind: FaultKind): void {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    counts: (): ReadonlyMap<FaultKind, number> => counts,
  };
}
