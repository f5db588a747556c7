// Combines Kubernetes Events before they are written. etcd keeps each Event for an hour, and a busy pool scales and reaps many times a
// minute. The first Event of a reason is written at once. Those that follow within 30 s become one with a count, which
// `kubectl describe` shows as "x5 over 30s". Events about single pods are limited to a burst and then one per 10 s, because the
// Event of the pool counts them all. Pure. Compare the correlator of client-go (tools/record/events_cache.go).

import type { KubernetesEvent } from '../kubernetes/port.ts';

/** One occurrence, before it is combined with others. */
export type Occurrence = Pick<KubernetesEvent, 'about' | 'type' | 'reason' | 'message'>;

const combineMs = 30_000;
const podEvents = { burst: 20, everyMs: 10_000 };

type Series = { quietUntil: number; pending: KubernetesEvent | undefined };

export class EventDigest {
  readonly #series = new Map<string, Series>();
  #podEvents: KubernetesEvent[] = [];
  /** How many Events about pods may be written, and when this was computed. */
  #allowance = { count: podEvents.burst, at: Number.NEGATIVE_INFINITY };

  /** Adds an occurrence at `now`, milliseconds since 1970. */
  add(occurrence: Occurrence, now: number): void {
    const event = { ...occurrence, count: 1, firstAt: now, lastAt: now };
    if (occurrence.about.kind === 'Pod') {
      if (this.#spend(now)) this.#podEvents.push(event);
      return;
    }
    const key = `${occurrence.about.uid} ${occurrence.type} ${occurrence.reason}`;
    const { quietUntil, pending } = this.#series.get(key) ?? { quietUntil: now, pending: undefined };
    const combined = pending ? { ...event, count: pending.count + 1, firstAt: pending.firstAt } : event;
    this.#series.set(key, { quietUntil, pending: combined });
  }

  /** Returns the Events to write now, and removes them. Call it after each `add`, and about once a second. */
  due(now: number): KubernetesEvent[] {
    const due = this.#podEvents.splice(0);
    for (const [key, { quietUntil, pending }] of this.#series) {
      // Do not wait longer if the clock was set back.
      if (now < quietUntil && quietUntil <= now + combineMs) continue;
      if (!pending) {
        this.#series.delete(key);
        continue;
      }
      due.push(pending);
      this.#series.set(key, { quietUntil: now + combineMs, pending: undefined });
    }
    return due;
  }

  #spend(now: number): boolean {
    const { count, at } = this.#allowance;
    const left = Math.min(podEvents.burst, count + Math.max(0, now - at) / podEvents.everyMs);
    const isAllowed = left >= 1;
    this.#allowance = { count: isAllowed ? left - 1 : left, at: now };
    return isAllowed;
  }
}
