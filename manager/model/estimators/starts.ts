// What a pool's pods show of starting: how long it takes from a claim to the Readiness of the pod that it made necessary,
// how long until many are Ready that are started at once, and how often in a row an ordinal's pod came to nothing. Read off
// the pods' own times, so that a manager that starts knows it at once from those that are there; knows no clock.

import type { ObservedPod } from '../observation.ts';

// Before any pod was seen to start: what a pod takes whose image is on the node already, with a little to spare.
const initialMs = 10_000;
// From the claim to the pod's creation: one request of the manager, and one of the StatefulSet controller. Pods tell their
// times in whole seconds, so that nothing shorter could be measured anyway.
const orderMs = 1_000;
// Each start counts for at least so much of the estimate: it follows an image that has grown within a few pods, and
// forgets a bad day within some dozen. Slower than expected counts for more than faster: too long an estimate costs a
// pod or two, too short a one visitors.
const weight = { slower: 0.3, faster: 0.1 };
// For many at once: what is remembered; what each beyond those that were seen together adds, at least, and as long as too few
// were (a StatefulSet controller makes some twenty a second, a node starts a few; a small one that is busy was seen to take
// 0.7 s for each); and a margin, for the next time is another. Seats that are ready a minute too soon cost less than a class
// that waits.
const remembered = 100;
const eachMs = { least: 250, guess: 1_000 };
const margin = 1.5;
// That one of so few took longer has other reasons.
const fewAtOnce = 5;

type Start = { uid: string; wasReady: boolean; taken: boolean; revision: string | undefined };
type Span = { from: number; to: number };

/** What is known about starts at one moment. */
export type StartTimes = Pick<Starts, 'refillMs' | 'readyWithinMs' | 'failures' | 'failing'>;

export class Starts {
  #refillMs = initialMs;
  #seen = 0;
  readonly #last = new Map<number, Start>();
  readonly #failures = new Map<number, { revision: string | undefined; count: number }>();
  readonly #spans: Span[] = [];
  #burst: Burst | undefined;

  /** A copy that does not change. */
  times(): StartTimes {
    const copy = new Starts();
    copy.#refillMs = this.#refillMs;
    this.#burst ??= burstOf(this.#spans);
    copy.#burst = this.#burst;
    for (const [ordinal, failed] of this.#failures) copy.#failures.set(ordinal, failed);
    return copy;
  }

  /** Mean time from a claim to its replacement's Readiness, in milliseconds. */
  get refillMs(): number {
    return this.#refillMs;
  }

  /**
   * How long before they are needed so many pods should be started at once, in milliseconds: half as long again as the slowest
   * of the last hundred took, and longer for more pods than were ever seen to start together.
   */
  readyWithinMs(count: number): number {
    this.#burst ??= burstOf(this.#spans);
    const { slowestMs, atOnce, addedMs } = this.#burst;
    return margin * (slowestMs + orderMs + Math.max(0, count - atOnce) * addedMs);
  }

  /** How many pods of this ordinal and revision were deleted without ever having been Ready, since the last one that was. */
  failures(ordinal: number, revision?: string): number {
    const failed = this.#failures.get(ordinal);
    return failed && failed.revision === revision ? failed.count : 0;
  }

  /** Whether there is such an ordinal among so many replicas. */
  failing(replicas: number): boolean {
    return [...this.#failures.keys()].some((ordinal) => ordinal < replicas);
  }

  /** Takes in a pod as it now is. A start that took longer than `timeoutMs` is no measure: the pod was broken. */
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

  /** The ordinal's pod is gone. */
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
  /** How many were seen to start at once. */
  atOnce: number;
  /** What each of them added to the time of the last, or is taken to add. */
  addedMs: number;
};

function burstOf(spans: readonly Span[]): Burst {
  if (spans.length === 0) return { slowestMs: initialMs, atOnce: 1, addedMs: eachMs.guess };
  const took = spans.map(({ from, to }) => to - from);
  // Those that became Ready while one was starting, itself included.
  const together = spans.map((span) => spans.filter(({ to }) => to > span.from && to <= span.to).length);
  const atOnce = Math.max(1, ...together);
  const last = took[together.indexOf(atOnce)] ?? 0;
  const addedMs = atOnce < fewAtOnce ? eachMs.guess : Math.max(eachMs.least, (last - Math.min(...took)) / atOnce);
  return { slowestMs: Math.max(...took), atOnce, addedMs };
}
