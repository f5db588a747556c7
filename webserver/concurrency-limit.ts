// Limits the requests of each address to the manager. Otherwise one address with hundreds of connections queues hundreds of requests
// ahead of all others: the manager applies its limits only when it handles a request.

import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { networkOf } from '../common/http/network.ts';

/** Concurrent requests of one address. A fully used manager needs fewer: 730 claims a second, 40 ms each. */
export const slots = 32;
/** A request without an answer after this time waits for a terminal or the Kubernetes API. It costs nothing and frees its slot. */
const usualHoldMs = 200;

/** Runs at most `slots` items of each key at once. Keys do not affect each other. Pure. */
export class ConcurrencyLimit<T> {
  readonly #slots: number;
  readonly #start: (item: T) => void;
  readonly #keys = new Map<string, { busy: number; queue: Set<T> }>();

  constructor(slots: number, start: (item: T) => void) {
    this.#slots = slots;
    this.#start = start;
  }

  /** Starts `item`, now or when a slot is free. Call `finish` for each started item. */
  add(key: string, item: T): void {
    const known = this.#keys.get(key) ?? { busy: 0, queue: new Set() };
    this.#keys.set(key, known);
    if (known.busy >= this.#slots) {
      known.queue.add(item);
      return;
    }
    known.busy++;
    this.#start(item);
  }

  /** Removes `item` if it still waits. */
  remove(key: string, item: T): void {
    this.#keys.get(key)?.queue.delete(item);
  }

  /** Frees the slot of a started item of `key`. */
  finish(key: string): void {
    const known = this.#keys.get(key);
    if (!known) return;
    const [next] = known.queue;
    if (next !== undefined) {
      known.queue.delete(next);
      this.#start(next);
    } else if (--known.busy === 0) this.#keys.delete(key);
  }
}

type PendingRequest = { key: string; response: ServerResponse; next: () => void };

/** Goes before each route that calls the manager. A request whose client has disconnected leaves the queue. */
export function limitConcurrency(holdMs = usualHoldMs): RequestHandler {
  const limit = new ConcurrencyLimit<PendingRequest>(slots, ({ key, response, next }) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      response.off('close', finish);
      limit.finish(key);
    };
    timer = setTimeout(finish, holdMs);
    response.once('close', finish);
    next();
  });
  return (request, response, next) => {
    // The client may have disconnected while its body was read.
    if (response.destroyed) return;
    const key = networkOf(request.ip ?? '');
    const pending = { key, response, next };
    const leave = () => limit.remove(key, pending);
    response.once('close', leave);
    limit.add(key, pending);
  };
}
