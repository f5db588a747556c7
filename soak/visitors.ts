// Visitors who come and go: each claims at any manager, as a webserver does for a page, retries when asked to, reloads,
// and leaves as people do. All answers are kept for the checks.

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { exponential, type Random } from '../bench/simulate/random.ts';
import { ServiceError } from '../common/errors.ts';
import { requestJson } from '../common/http/client.ts';
import { type Claim, claimAnswerSchema, paths } from '../common/manager-api.ts';
import { poolName } from './invariants.ts';
import type { Manager } from './managers.ts';
import type { Terminals } from './terminals.ts';

export type Visitor = {
  hash: string;
  /** The terminal that the visitor's page shows. */
  terminal: { name: string; uid: string } | undefined;
  /** Whether the visitor is still there. */
  here: boolean;
  /** Whether a request of the visitor is in progress. */
  asking: boolean;
  /** The time since when the visitor has been requesting a terminal, by performance.now; undefined otherwise. */
  waitingSince: number | undefined;
  /** When the visitor last requested a terminal, or was still waiting for one. */
  askedAt: number;
  /** Whether the page belongs to a pool, and names it in its requests. */
  namesPool: boolean;
};

/** A permanent error: a retry is useless. */
export type FinalError = { visitor: Visitor; manager: Manager | undefined; error: ServiceError };

/** An answer to a claim, for the checks. Times are of performance.now. */
export type Answer = {
  visitor: Visitor;
  claim: Claim;
  manager: Manager;
  askedAt: number;
};

export type VisitorsOptions = {
  managers: Manager[];
  terminals: Terminals;
  token: () => string;
  random: Random;
  /** The time limit of a manager's answer. */
  deadlineMs: number;
  stayMs: number;
  lives: (uid: string) => boolean;
  onAnswer: (answer: Answer) => void;
  /** A request was not answered in time by a manager without a fault. */
  onSilence: (visitor: Visitor, manager: string, ms: number) => void;
  onFinalError: (error: FinalError) => void;
};

const wholeDeadlineMs = 45_000;

export type Visitors = ReturnType<typeof createVisitors>;

export function createVisitors(options: VisitorsOptions) {
  const { managers, terminals, token, random, deadlineMs, stayMs, lives } = options;
  const visitors = new Map<string, Visitor>();
  /** Visitors who have requested an end or a restart, and until when that may end a terminal of theirs. */
  const askedToEnd = new Map<string, number>();
  const active = new Set<Promise<void>>();
  let open = false;
  const counts = { visitors: 0, answers: 0, places: 0, reconnections: 0, refusals: 0, givenUp: 0, slowestMs: 0 };
  const refusals = new Map<string, number>();

  const anyManager = () => managers[Math.floor(random() * managers.length)]!;
  const chance = (share: number) => random() < share;

  function arrive(): Visitor {
    const visitor: Visitor = {
      hash: randomBytes(32).toString('base64url'),
      terminal: undefined,
      here: true,
      asking: false,
      waitingSince: undefined,
      askedAt: 0,
      namesPool: chance(0.5),
    };
    visitors.set(visitor.hash, visitor);
    counts.visitors++;
    return visitor;
  }

  /** One request, as a webserver sends it. Throws the answer if it is an error. */
  async function ask<T>(visitor: Visitor, act: (manager: Manager, deadlineMs: number) => Promise<T>): Promise<T> {
    const manager = anyManager();
    const startedAt = performance.now();
    visitor.asking = true;
    try {
      return await act(manager, deadlineMs + 10_000);
    } catch (error) {
      if (error instanceof ServiceError) refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
      counts.refusals++;
      throw error;
    } finally {
      visitor.asking = false;
      const ms = performance.now() - startedAt;
      if (manager.ranSince(startedAt)) {
        counts.slowestMs = Math.max(counts.slowestMs, ms);
        if (ms > deadlineMs) options.onSilence(visitor, manager.name, ms);
      }
    }
  }

  /** Whether there is a terminal now; otherwise the visitor has a position, which the next request passes as `place`. */
  async function claimOnce(visitor: Visitor, path: string, place?: number): Promise<{ place: number } | undefined> {
    const askedAt = performance.now();
    visitor.askedAt = askedAt;
    let asked: Manager | undefined;
    const claim = await ask(visitor, (manager, ms) => {
      asked = manager;
      const pool = visitor.namesPool && { pool: poolName };
      const body = { visitor: visitor.hash, ...pool, ...(place !== undefined && { place }) };
      return requestJson({
        method: 'POST',
        url: manager.url + path,
        token: token(),
        body,
        answer: claimAnswerSchema,
        deadlineMs: ms,
      });
    }).catch((error: unknown) => {
      if (error instanceof ServiceError && !error.retryable && error.code !== 'unauthenticated')
        options.onFinalError({ visitor, manager: asked, error });
      throw error;
    });
    if (claim.status === 'waiting') {
      counts.places++;
      return claim;
    }
    counts.answers++;
    if (claim.status === 'reconnected') counts.reconnections++;
    options.onAnswer({ visitor, claim, manager: asked!, askedAt });
    const former = visitor.terminal;
    visitor.terminal = { name: claim.name, uid: claim.uid };
    if (former && former.uid !== claim.uid) terminals.disconnect(former);
    return undefined;
  }

  /** Requests until there is a terminal, as the page does. False if the visitor gives up. */
  async function claim(visitor: Visitor, path: string = paths.terminals): Promise<boolean> {
    visitor.waitingSince = performance.now();
    try {
      return await claimBefore(visitor.waitingSince + wholeDeadlineMs, visitor, path);
    } finally {
      visitor.waitingSince = undefined;
      visitor.askedAt = performance.now();
    }
  }

  async function claimBefore(deadline: number, visitor: Visitor, path: string): Promise<boolean> {
    let place: number | undefined;
    for (let tries = 0; performance.now() < deadline; tries++) {
      try {
        const waiting = await claimOnce(visitor, place === undefined ? path : paths.terminals, place);
        if (!waiting) return true;
        place = waiting.place;
      } catch (error) {
        const retryAfter = error instanceof ServiceError ? error.retryAfter : undefined;
        await delay((retryAfter ?? 0.3 * Math.min(8, 2 ** tries)) * 1_000 * (0.5 + random()));
      }
    }
    counts.givenUp++;
    return false;
  }

  async function end(visitor: Visitor): Promise<void> {
    const { terminal } = visitor;
    if (!terminal) return;
    // Every terminal of this visitor may end now, because an end applies to all that the manager knows.
    askedToEnd.set(visitor.hash, Number.POSITIVE_INFINITY);
    for (let tries = 0; tries < 6; tries++) {
      try {
        await ask(visitor, (manager, ms) =>
          requestJson({
            method: 'DELETE',
            url: `${manager.url}${paths.terminals}/${visitor.hash}`,
            token: token(),
            deadlineMs: ms,
          }),
        );
        return;
      } catch (error) {
        if (error instanceof ServiceError && error.code === 'session-not-found') return;
        await delay(300 * 2 ** tries * (0.5 + random()));
      }
    }
  }

  async function live(visitor: Visitor): Promise<void> {
    if (!(await claim(visitor))) return;
    // Some visitors close the tab at once.
    if (chance(0.08)) return;
    for (;;) {
      const { terminal } = visitor;
      if (!terminal) return;
      const connected = terminals.connect(terminal);
      if (connected && chance(0.01)) terminals.wedge(terminal.uid);
      const left = await stay(exponential(random, stayMs / 2), terminal.uid);
      if (connected) terminals.disconnect(terminal);
      if (!left) {
        // The page finds its socket closed, and requests another terminal.
        if (!(await claim(visitor))) return;
        continue;
      }
      if (chance(0.5)) {
        // A reload.
        if (!(await claim(visitor))) return;
        continue;
      }
      if (chance(0.15)) {
        askedToEnd.set(visitor.hash, Number.POSITIVE_INFINITY);
        if (!(await claim(visitor, paths.restart))) return;
        // An abandoned request may still be in progress at a manager.
        askedToEnd.set(visitor.hash, performance.now() + deadlineMs);
        continue;
      }
      if (chance(0.6)) await end(visitor);
      return;
    }
  }

  /** Waits, and returns whether the terminal existed all the time. */
  async function stay(ms: number, uid: string): Promise<boolean> {
    const until = performance.now() + ms;
    while (performance.now() < until) {
      await delay(Math.min(250, Math.max(1, until - performance.now())));
      if (!lives(uid)) return false;
    }
    return true;
  }

  function start(visitor: Visitor): void {
    const lived = live(visitor).finally(() => {
      visitor.here = false;
      active.delete(lived);
    });
    active.add(lived);
  }

  return {
    /** Lets visitors come, `perSecond` on average, until `shut`. */
    async open(perSecond: number, signal: AbortSignal): Promise<void> {
      open = true;
      while (open && !signal.aborted) {
        await delay(exponential(random, 1_000 / perSecond), undefined, { signal }).catch(() => {});
        if (open && !signal.aborted) start(arrive());
      }
    },
    shut(): void {
      open = false;
    },
    arrive,
    claim,
    claimOnce,
    end,
    known: (hash: string) => visitors.get(hash),
    /** Whether the visitor has requested a terminal at `time` or later, or was waiting for one then. */
    hasAskedSince(hash: string, time: number): boolean {
      const visitor = visitors.get(hash);
      return visitor !== undefined && (visitor.waitingSince !== undefined || visitor.askedAt >= time);
    },
    all: () => visitors.values(),
    askedToEnd: (hash: string) => performance.now() < (askedToEnd.get(hash) ?? 0),
    counts,
    refusals,
    active: () => active.size,
    forget(hash: string): void {
      visitors.delete(hash);
      askedToEnd.delete(hash);
    },
  };
}
