// Measures how a pool's pods start: the time from a claim until the replacement pod is Ready, the time until many pods that start
// together are Ready, and how many starts of an ordinal failed in a row. The times come from the pods, so a manager that starts
// gets them from the existing pods. Reads no clock.

import type { ObservedPod } from '../observation.ts';

// The estimate without data: a pod whose image is already on the node, with a small margin.
const initialMs = 10_000;
// From the claim to the creation of the pod: one request of the manager and one of the StatefulSet controller. Pods report times in
// whole seconds, so a shorter time could not be measured.
const orderMs = 1_000;
// The minimum weight of each start. The estimate follows a larger image within a few pods, and forgets a bad day within some dozen.
// A slow start weighs more than a fast one: an estimate that is too long costs a pod or two, one that is too short makes visitors wait.
const weight = { slower: 0.3, faster: 0.1 };
// For many pods at once. `remembered`: the number of starts in memory. `eachMs`: what each pod beyond the largest observed batch adds,
// at least, and the value used while too few starts were observed. A StatefulSet controller creates some 20 pods per second and a
// node starts a few; a small busy node took 0.7 s for each. The margin covers variation between batches: a seat that is ready a
// minute early costs less than a class that waits.
const remembered = 100;
const eachMs = { least: 250, guess: 1_000 };
const margin = 1.5;
// In a smaller batch, one slow pod says nothing about the batch size.
const fewAtOnce = 5;

type Start = { uid: string; wasReady: boolean; taken: boolean; revision: string | undefined };
type Span = { from: number; to: number };

/** The estimates of pod starts at one moment. */
export type StartTimes = Pick<Starts, 'refillMs' | 'readyWithinMs' | 'failures' | 'failing'>;

export class Starts {
  #refillMs = initialMs;
  #seen = 0;
  readonly #last = new Map<number, Start>();
  readonly #failures = new Map<number, { revision: string | undefined; count: number }>();
  readonly #spans: Span[] = [];
  #burst: Burst | undefined;

  /** An independent copy. */
  times(): StartTimes {
    const copy = new Starts();
    copy.#refillMs = this.#refillMs;
    this.#burst ??= burstOf(this.#spans);
    copy.#burst = this.#burst;
    for (const [ordinal, failed] of this.#failures) copy.#failures.set(ordinal, failed);
    return copy;
  }

  /** The mean time from a claim until the replacement pod is Ready, in milliseconds. */
  get refillMs(): number {
    return this.#refillMs;
  }

  /**
   * How long before they are needed `count` pods should start, in milliseconds: 1.5 times the slowest of the last hundred starts,
   * and more for a batch larger than any observed one.
   */
  readyWithinMs(count: number): number {
    this.#burst ??= burstOf(this.#spans);
    const { slowestMs, atOnce, addedMs } = this.#burst;
    return margin * (slowestMs + orderMs + Math.max(0, count - atOnce) * addedMs);
  }

  /** How many pods of this ordinal and revision in a row were deleted before they were Ready. */
  failures(ordinal: number, revision?: string): number {
    const failed = this.#failures.get(ordinal);
    return failed && failed.revision === revision ? failed.count : 0;
  }

  /** Whether any ordinal below `replicas` has such failures. */
  failing(replicas: number): boolean {
    return [...this.#failures.keys()].some((ordinal) => ordinal < replicas);
  }

  /** Observes a pod. A start longer than `timeoutMs` is not measured: the pod was broken. */
  observe(pod: ObservedPod, timeoutMs: number): void {
    const last = this.#last.get(pod.ordinal);
    if (last && last.uid !== pod.uid) this.gone(pod.ordinal);
    const former = last?.uid === pod.uid ? last : undefined;
    const isNew = pod.ready && !former?.wasReady;
    this.#last.set(pod.ordinal, {
      uid: pod.uid,
      wasReady: pod.ready || former?.wasReady === true,
      taken: pod.taken,
      revision: pod.revision,
    });
    if (!isNew) return;
    this.#failures.delete(pod.ordinal);
    const span = { from: pod.createdAt, to: pod.readyChangedAt ?? pod.createdAt };
    const took = span.to - span.from;
    if (took < 0 || took > timeoutMs) return;
    this.#measure(took + orderMs);
    this.#spans.push(span);
    if (this.#spans.length > remembered) this.#spans.shift();
    this.#burst = undefined;
  }

  /** The ordinal's pod was deleted. */
  gone(ordinal: number): void {
    const last = this.#last.get(ordinal);
    this.#last.delete(ordinal);
    if (!last || last.wasReady || last.taken) return;
    const { revision } = last;
    this.#failures.set(ordinal, { revision, count: this.failures(ordinal, revision) + 1 });
  }

  #measure(ms: number): void {
    this.#seen++;
    const share = Math.max(1 / this.#seen, ms > this.#refillMs ? weight.slower : weight.faster);
    this.#refillMs += share * (ms - this.#refillMs);
  }
}

type Burst = {
  slowestMs: number;
  /** The largest number of pods observed to start together. */
  atOnce: number;
  /** The time that each pod adds until the last is Ready, measured or assumed. */
  addedMs: number;
};

function burstOf(spans: readonly Span[]): Burst {
  if (spans.length === 0) return { slowestMs: initialMs, atOnce: 1, addedMs: eachMs.guess };
  const took = spans.map(({ from, to }) => to - from);
  // For each start, the number of pods that became Ready during it, including itself.
  const together = spans.map((span) => spans.filter(({ to }) => to > span.from && to <= span.to).length);
  const atOnce = Math.max(1, ...together);
  const last = took[together.indexOf(atOnce)] ?? 0;
  const addedMs = atOnce < fewAtOnce ? eachMs.guess : Math.max(eachMs.least, (last - Math.min(...took)) / atOnce);
  return { slowestMs: Math.max(...took), atOnce, addedMs };
}
