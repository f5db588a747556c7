// The rates of events in a soak, and the time limits of recovery.

export type Pace = {
  spare: number;
  max: number;
  visitorsPerSecond: number;
  stayMs: number;
  stormMs: number;
  /** The time limit of recovery. */
  calmMs: number;
  connectTimeoutMs: number;
  maxLifetimeMs: number;
  idleMs: number;
  reportMs: number;
};

export const localPace: Pace = {
  spare: 6,
  max: 60,
  visitorsPerSecond: 2.5,
  stayMs: 12_000,
  stormMs: 40_000,
  calmMs: 60_000,
  connectTimeoutMs: 30_000,
  maxLifetimeMs: 75_000,
  idleMs: 6_000,
  reportMs: 2_000,
};

// A real API server takes longer for each request, and the cluster itself needs time.
export const clusterPace: Pace = {
  ...localPace,
  max: 40,
  visitorsPerSecond: 1,
  stormMs: 50_000,
  calmMs: 60_000,
};
