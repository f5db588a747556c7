// Limits the requests of each address to the manager. Otherwise one address with hundreds of connections queues hundreds of requests
// ahead of all others: the manager applies its limits only when it handles a request.

import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { networkOf } from '../common/http/network.ts';

/** Requests of one address at once. A fully used manager needs fewer: 730 claims a second, 40 ms each. */
export const slots = 32;
/** A request without an answer after this time waits for a terminal or the Kubernetes API. It costs nothing and frees its slot. */
const usualHoldMs = 200;

/** Runs at most `slots` items of each key at once. Keys do not affect each other. Pure. */
export class Turns<T> {
  readonly #slots: number;
  readonly #start: (item: T) => void;
  readonly #keys = new Map<string, { busy: number; line: Set<T> }>();

  constructor(slots: number, start: (item: T) => void) {
    this.#slots = slots;
    this.#start = start;
  }

  /** Starts `item`, now or when it is its turn. Each that was started ends by `finish`. */
  add(key: string, item: T): void {
    const known = this.#keys.get(key) ?? { busy: 0, line: new Set() };
    this.#keys.set(key, known);
    if (known.busy >= this.#slots) {
      known.line.add(item);
      return;
    }
    known.busy++;
    this.#start(item);
  }

  /** `item` waits no more. */
  leave(key: string, item: T): void {
    this.#keys.get(key)?.line.delete(item);
  }

  /** One of `key` that was started is done. */
  finish(key: string): void {
    const known = this.#keys.get(key);
    if (!known) return;
    const [next] = known.line;
    if (next !== undefined) {
      known.line.delete(next);
      this.#start(next);
    } else if (--known.busy === 0) this.#keys.delete(key);
  }
}

type Asking = { key: string; response: ServerResponse; next: () => void };

/** Goes before each route that asks the manager. A request whose client has hung up loses its turn. */
export function takeTurns(holdMs = usualHoldMs): RequestHandler {
  const turns = new Turns<Asking>(slots, ({ key, response, next }) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      response.off('close', finish);
      turns.finish(key);
    };
    timer = setTimeout(finish, holdMs);
    response.once('close', finish);
    next();
  });
  return (request, response, next) => {
    // Its connection may be gone while its body was read.
    if (response.destroyed) return;
    const key = networkOf(request.ip ?? '');
    const asking = { key, response, next };
    const leave = () => turns.leave(key, asking);
    response.once('close', leave);
    turns.add(key, asking);
  };
}
