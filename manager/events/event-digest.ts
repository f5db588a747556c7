// What is told by Kubernetes Events of a pool in normal life: each is an object in etcd for an hour, and a busy pool scales
// and reaps many times a minute. The first of a kind is told at once; those that follow within a while become one, with
// their count, as `kubectl describe` shows it (x5 over 30s). Of single pods a burst is told, and then one now and then: the
// pool's own Event counts all. Pure. Compare the correlator of client-go (tools/record/events_cache.go).

import type { ToldEvent } from '../kubernetes/port.ts';

export type News = Pick<ToldEvent, 'about' | 'type' | 'reason' | 'message'>;

const togetherMs = 30_000;
const ofPods = { burst: 20, everyMs: 10_000 };

type Series = { quietUntil: number; pending: ToldEvent | undefined };

export class EventDigest {
  readonly #series = new Map<string, Series>();
  #ofPods: ToldEvent[] = [];
  /** How many Events of pods may be told now, as of when. */
  #allowance = { count: ofPods.burst, at: Number.NEGATIVE_INFINITY };

  /** It has happened at `now`, milliseconds since 1970. */
  add(news: News, now: number): void {
    const event = { ...news, count: 1, firstAt: now, lastAt: now };
    if (news.about.kind === 'Pod') {
      if (this.#spend(now)) this.#ofPods.push(event);
      return;
    }
    const key = `${news.about.uid} ${news.type} ${news.reason}`;
    const { quietUntil, pending } = this.#series.get(key) ?? { quietUntil: now, pending: undefined };
    const together = pending ? { ...event, count: pending.count + 1, firstAt: pending.firstAt } : event;
    this.#series.set(key, { quietUntil, pending: together });
  }

  /** What is to be told now. To be asked after each `add`, and every second or so. */
  due(now: number): ToldEvent[] {
    const due = this.#ofPods.splice(0);
    for (const [key, { quietUntil, pending }] of this.#series) {
      // A clock that was set back is no reason to be silent for longer.
      if (now < quietUntil && quietUntil <= now + togetherMs) continue;
      if (!pending) {
        this.#series.delete(key);
        continue;
      }
      due.push(pending);
      this.#series.set(key, { quietUntil: now + togetherMs, pending: undefined });
    }
    return due;
  }

  #spend(now: number): boolean {
    const { count, at } = this.#allowance;
    const left = Math.min(ofPods.burst, count + Math.max(0, now - at) / ofPods.everyMs);
    const may = left >= 1;
    this.#allowance = { count: may ? left - 1 : left, at: now };
    return may;
  }
}
