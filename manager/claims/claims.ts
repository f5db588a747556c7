// Claiming a terminal for a visitor, and ending it: the visitor's own pod if there is one, else the lowest ready pod by
// one conditional write (inv 1, 2, 11); and while there is none, a place in the waiting room. Knows the Kubernetes port, but
// not who serves HTTP.

import { startDeadline } from '../../common/deadline.ts';
import { type ErrorCode, isAbort, ServiceError, toServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ClaimRecord, ObservedPod, TerminalEnd } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import type { Share } from '../model/share.ts';
import type { QueuePosition } from '../queue/estimate.ts';
import { PlaceWriter } from '../queue/place-writer.ts';
import { away, refusalOf } from '../queue/refusal.ts';
import { type Patience, WaitingLine } from '../queue/waiting-line.ts';
import type { TicketSigner } from './keys.ts';
import { Limits, type Origin } from './limits.ts';
import { Race } from './race.ts';

/** A visitor's terminal, and the ticket for it. */
export type ClaimResult = {
  pod: ObservedPod;
  status: 'new' | 'reconnected';
  ticket: string;
  /** The terminal that the visitor had before, where it is known how it ended. */
  former: TerminalEnd | undefined;
};

/** Whoever still waits: the first has place 1 of as many as are `waiting`. */
export type Waiting = { status: 'waiting' } & QueuePosition;

/** The last place that a visitor who waits was told of; undefined: none. */
export type Known = { place: number | undefined };

/**
 * What a claim came to, for whoever counts; `abandoned` by a visitor who left before. `ms`: since the visitor first asked,
 * as far as this manager knows.
 */
export type ClaimOutcome = {
  pool: string;
  result: (ClaimResult | Waiting)['status'] | ErrorCode | 'abandoned';
  ms: number;
  /** Whether no terminal was ready when the visitor first asked. */
  waited: boolean;
};

export type ClaimsOptions = {
  pools: Pools;
  cluster: Cluster;
  log: Logger;
  clock: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonic: () => number;
  /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  chance: () => number;
  /** Which pods this manager prefers, as far as it knows the others. */
  share: () => Share;
  /** A fresh id for each claim, and for each ticket. */
  newId: () => string;
  signer: Pick<TicketSigner, 'sign'>;
  /** How long a visitor's request waits before it is answered with a place, in milliseconds. */
  timeoutMs: number;
  /** Called after each change that this class made itself, so that the pool is refilled at once. */
  onChange: (pool: Pool) => void;
  onClaim?: (outcome: ClaimOutcome) => void;
};

/** One request for a terminal. */
type Ask = {
  pool: Pool;
  visitor: string;
  origin: Origin;
  known: Known | undefined;
  /** Aborted when nobody waits for the answer any more. */
  hangUp: AbortSignal;
  /** The visitor's terminal is to be ended before; false once it is. */
  afresh: boolean;
  /** When the visitor first asked, where that was before now: for a terminal that is no more. */
  askedAt?: number | undefined;
  /** Ends the wait, once there is one. */
  part?: (at: number) => void;
};

// Whoever is new is told of a place soon, unless there is a terminal by then; whoever has one, when it is another, but not
// all at every turn.
const firstWordMs = 1_000;
const nextWordMs = { least: 1_000, perPlace: 100, most: 8_000 };
const retryFullSeconds = 15;
// A StatefulSet adopts the pods that a deleted one of its name has left within a second or so, if it ever does.
const adoptionMs = 60_000;

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #limits: Limits;
  readonly #lines = new Map<Pool, WaitingLine>();
  readonly #writer: PlaceWriter;
  readonly #race: Race;
  /** The last thing under way for each visitor: two tabs that open at once get one terminal. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#limits = new Limits(options);
    this.#writer = new PlaceWriter(options);
    this.#race = new Race({ ...options, onTrust: (pool) => this.serve(pool) });
  }

  /** How many visitors wait for a terminal of the pool, at all managers. */
  waiting(pool: Pool): number {
    return this.#line(pool).visitors().length;
  }

  /** Something about the pool has changed, or some time has passed: those who wait are served, or told. */
  serve(pool: Pool): void {
    this.#line(pool).serve();
    this.#writer.look(pool);
  }

  /** This manager ends: whoever waits at it is told of a place, and asks the next one, which knows who came first. */
  dismiss(): void {
    for (const pool of this.#options.pools.all()) this.#line(pool).dismiss();
  }

  /** The visitor's terminal. In `poolName`, or in any pool where that is undefined. */
  find(visitor: string, poolName?: string): ObservedPod | undefined {
    const { pools } = this.#options;
    const candidates = poolName === undefined ? [...pools.all()] : [this.#pool(poolName)];
    for (const pool of candidates) {
      const pod = pool.terminalOf(visitor);
      if (pod) return pod;
    }
    const [expected] = poolName === undefined ? this.#expected() : [];
    if (expected) throw away(expected.name);
    return undefined;
  }

  /**
   * The visitor's terminal in the pool, claimed as soon as it is the visitor's turn. With `known`, who still waits after some
   * time is told of a place. `hangUp` is aborted when nobody waits any more.
   */
  claim(visitor: string, poolName: string | undefined, hangUp: AbortSignal, origin?: Origin): Promise<ClaimResult>;
  claim(
    visitor: string,
    poolName: string | undefined,
    hangUp: AbortSignal,
    origin: Origin,
    known: Known,
  ): Promise<ClaimResult | Waiting>;
  async claim(visitor: string, poolName: string | undefined, hangUp: AbortSignal, origin: Origin = {}, known?: Known) {
    return this.#claim({ pool: this.#pool(poolName), visitor, origin, known, hangUp, afresh: false });
  }

  /** A ticket for the terminal that the visitor has already; `session-not-found` when there is none. Claims nothing. */
  async reconnect(visitor: string, poolName?: string): Promise<ClaimResult> {
    const { pools, clock, onClaim } = this.#options;
    const startedAt = clock();
    const pod = this.find(visitor, poolName);
    if (!pod) {
      const candidates = poolName === undefined ? [...pools.all()] : [this.#pool(poolName)];
      throw candidates.some((pool) => this.#isBeingAdopted(pool, visitor)) ? beingAdopted() : noTerminal();
    }
    const claim = await this.#reconnect(pools.known(pod.pool)!, pod);
    onClaim?.({ pool: pod.pool, result: claim.status, ms: clock() - startedAt, waited: false });
    return claim;
  }

  /** The visitor waits no more. Whoever asks again within half a minute has the former place. */
  leave(visitor: string, poolName: string | undefined): void {
    const expected = this.#expected().find(({ name }) => poolName === undefined || name === poolName);
    const pool = expected ?? this.#pool(poolName);
    pool.waiting.leave(visitor);
    this.#options.onChange(pool);
  }

  /** Ends the visitor's terminal; `session-not-found` when there is none. */
  async end(visitor: string, poolName?: string): Promise<void> {
    const pod = this.find(visitor, poolName);
    if (!pod) throw noTerminal();
    await this.#inTurn({ name: pod.pool }, visitor, () => this.#end(pod));
  }

  /** Ends the visitor's terminal, if there is one, and claims a fresh one, before those who came later. */
  restart(visitor: string, poolName: string | undefined, hangUp: AbortSignal, origin?: Origin): Promise<ClaimResult>;
  restart(
    visitor: string,
    poolName: string | undefined,
    hangUp: AbortSignal,
    origin: Origin,
    known: Known,
  ): Promise<ClaimResult | Waiting>;
  async restart(
    visitor: string,
    poolName: string | undefined,
    hangUp: AbortSignal,
    origin: Origin = {},
    known?: Known,
  ) {
    return this.#claim({ pool: this.#pool(poolName), visitor, origin, known, hangUp, afresh: true });
  }

  #pool(name: string | undefined): Pool {
    const { pools } = this.#options;
    if (name !== undefined) {
      const pool = pools.get(name);
      if (pool) return pool;
      if ([...pools.away(this.#options.clock())].some((pool) => pool.name === name)) throw away(name);
      throw new ServiceError('not-found', `There is no pool named ${name}.`);
    }
    const expected = this.#expected();
    const [only, ...others] = [...pools.all(), ...expected];
    if (only && only === expected[0]) throw away(only.name);
    if (!only) throw new ServiceError('unavailable', 'There is no pool of terminals yet.', { retryAfter: 2 });
    if (others.length > 0) throw new ServiceError('invalid-request', 'There are several pools: say which one.');
    return only;
  }

  /** Pools that were there a short while ago, and are expected back. A label that no StatefulSet had makes none. */
  #expected(): Pool[] {
    const { pools, clock } = this.#options;
    return [...pools.away(clock())].filter(({ owner }) => owner !== undefined);
  }

  async #inTurn<T>(pool: Pick<Pool, 'name'>, visitor: string, action: () => Promise<T>): Promise<T> {
    const key = `${pool.name}/${visitor}`;
    const former = this.#underWay.get(key);
    const turn = (former ?? Promise.resolve()).then(action, action);
    this.#underWay.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(key) === turn) this.#underWay.delete(key);
    }
  }

  async #claim(ask: Ask): Promise<ClaimResult | Waiting> {
    const { pool, visitor } = ask;
    const { clock, onClaim } = this.#options;
    const since = pool.waiting.since(visitor);
    const startedAt = Math.min(clock(), since ?? Number.POSITIVE_INFINITY);
    const tell = (result: ClaimOutcome['result']) => {
      const waited = since !== undefined || ask.part !== undefined;
      onClaim?.({ pool: pool.name, result, ms: clock() - startedAt, waited });
    };
    try {
      const claim = await this.#claimOrWait(ask);
      tell(claim.status);
      return claim;
    } catch (error) {
      tell(isAbort(error) ? 'abandoned' : toServiceError(error).code);
      throw error;
    }
  }

  async #claimOrWait(ask: Ask): Promise<ClaimResult | Waiting> {
    const { pool, visitor, known, hangUp } = ask;
    const { timeoutMs, monotonic } = this.#options;
    const line = this.#line(pool);
    const deadline = startDeadline(timeoutMs, hangUp);
    const either = deadline.signal;
    const patience = known && patienceOf(known, monotonic());
    try {
      for (;;) {
        const { changes } = line;
        const claim = await this.#inTurn(pool, visitor, () => this.#attempt(ask, either));
        if (claim) return claim;
        try {
          if ((await line.wait(visitor, changes, known ? either : hangUp, patience)) === 'claim') continue;
        } catch (error) {
          if (!known || hangUp.aborted || error !== either.reason) throw error;
        }
        const own = pool.terminalOf(visitor);
        if (own && !pool.isLost(own)) continue;
        return placeOf(pool, visitor, line);
      }
    } finally {
      ask.part?.(monotonic());
      deadline.clear();
    }
  }

  /** The visitor's own terminal, or a ready one, if it is the visitor's turn; else the visitor begins to wait. */
  async #attempt(ask: Ask, signal: AbortSignal): Promise<ClaimResult | undefined> {
    const { pool, visitor, origin } = ask;
    const own = pool.terminalOf(visitor);
    const isLost = own !== undefined && pool.isLost(own);
    if (own && !isLost && !ask.afresh) return this.#reconnect(pool, own);
    const refusal = refusalOf(pool);
    if (refusal) throw refusal;
    if (!own && this.#isBeingAdopted(pool, visitor)) throw beingAdopted();
    // Whoever has lost a terminal with its node, or was let into the line, takes nothing from anybody. Limits hold after a pod has
    // ended by itself: its visitor can bring that about, by filling the disk.
    const isLetIn = (isLost && !ask.afresh) || pool.waiting.has(visitor);
    const leave = isLetIn ? undefined : this.#limits.enter(pool, visitor, origin);
    try {
      if (own && ask.afresh) await this.#end(own);
      ask.afresh = false;
      ask.askedAt ??= own?.claim?.claimedAt;
      const claim = await this.#take(ask, signal);
      if (!claim) this.#enter(ask);
      return claim;
    } finally {
      leave?.();
    }
  }

  /** Whether a StatefulSet that was just made is about to adopt the visitor's terminal. */
  #isBeingAdopted(pool: Pool, visitor: string): boolean {
    const { pools, clock } = this.#options;
    return clock() < pool.spec!.createdAt + adoptionMs && pools.hasOrphan(pool, visitor);
  }

  async #take({ pool, visitor, origin }: Ask, signal: AbortSignal): Promise<ClaimResult | undefined> {
    const { clock, newId, log } = this.#options;
    const line = this.#line(pool);
    const startedAt = clock();
    for (let attempt = 0; !signal.aborted; attempt++) {
      const own = pool.terminalOf(visitor);
      // A lost one is ended by the leader, once its visitor has another.
      if (own && !pool.isLost(own)) return this.#reconnect(pool, own);
      const pod = line.isTurnOf(visitor) ? this.#race.choose(pool) : undefined;
      if (!pod) return undefined;
      line.claiming.add(visitor);
      try {
        const { address } = origin;
        const claim = { id: newId(), visitor, address, claimedAt: clock() };
        const [claimed, ticket] = await Promise.all([
          this.#race.write(pod, claim, signal),
          // Meanwhile: the visitor waits for one of the two only.
          this.#sign(pod, claim),
        ]);
        if (claimed === 'conflict') {
          this.#race.lose(pool, pod);
          continue;
        }
        this.#observe(pool, claimed);
        log.info({ pool: pool.name, pod: pod.name, attempt, ms: clock() - startedAt }, 'claimed');
        return this.#served(pool, claimed, 'new', ticket);
      } finally {
        line.claiming.delete(visitor);
        pool.ready.release(pod);
        this.serve(pool);
      }
    }
    throw signal.reason;
  }

  /** Begins to wait, unless the visitor does already, or too many do. */
  #enter(ask: Ask): void {
    const { pool, visitor, origin, askedAt } = ask;
    const waits = pool.waiting.has(visitor);
    if (waits && ask.part) return;
    if (!waits) {
      if (this.waiting(pool) >= pool.settings.maxWaiting) throw full(pool.settings.maxWaiting);
      this.#limits.checkQueue(pool, visitor, origin);
    }
    ask.part = pool.waiting.enter(visitor, this.#options.clock(), { askedAt, address: origin.address });
    this.#options.onChange(pool);
  }

  async #reconnect(pool: Pool, pod: ObservedPod): Promise<ClaimResult> {
    return this.#served(pool, pod, 'reconnected', await this.#sign(pod, pod.claim!));
  }

  #served(pool: Pool, pod: ObservedPod, status: ClaimResult['status'], ticket: string): ClaimResult {
    pool.waiting.serve(pod.claim!.visitor);
    return { pod, status, ticket, former: pool.formerOf(pod.claim!.visitor) };
  }

  #sign(pod: ObservedPod, claim: Pick<ClaimRecord, 'id' | 'visitor'>): Promise<string> {
    const { signer, newId, clock } = this.#options;
    const { id, visitor } = claim;
    return signer.sign({ aud: pod.uid, sub: visitor, jti: newId(), claim: id, role: 'owner' }, clock());
  }

  async #end(pod: ObservedPod): Promise<void> {
    const { cluster, pools, log, onChange } = this.#options;
    // For the page's last word only: whatever becomes of it, the pod is deleted.
    await cluster.markEndedByOwner(pod).catch((error: unknown) => {
      log.warn({ pod: pod.name, err: error }, 'it could not be noted who ends this terminal');
    });
    const deleted = await cluster.deletePod(pod);
    log.info({ pod: pod.name }, 'ended by its visitor');
    const pool = pools.observeDeletion(pod, deleted);
    if (pool) onChange(pool);
  }

  #observe(pool: Pool, pod: ObservedPod): void {
    this.#options.pools.observe({ kind: 'pod', name: pod.name, object: pod });
    this.#options.onChange(pool);
  }

  #line(pool: Pool): WaitingLine {
    const known = this.#lines.get(pool);
    if (known) return known;
    const line = new WaitingLine(pool, this.#options);
    this.#lines.set(pool, line);
    return line;
  }
}

function patienceOf({ place }: Known, at: number): Patience {
  const { least, perPlace, most } = nextWordMs;
  if (place === undefined) return { from: at + firstWordMs, known: place };
  return { from: at + Math.min(most, Math.max(least, place * perPlace)), known: place };
}

/** A visitor whose claim is being written has left the queue. Report position 1. */
function placeOf(pool: Pool, visitor: string, line: WaitingLine): Waiting {
  const visitors = line.visitors();
  const place = Math.max(1, visitors.indexOf(visitor) + 1);
  const claiming = line.claiming.size - Number(line.claiming.has(visitor));
  return { status: 'waiting', pool, place, waiting: Math.max(place, visitors.length), claiming };
}

const noTerminal = () => new ServiceError('session-not-found', 'There is no terminal of yours.');

const beingAdopted = () =>
  new ServiceError('unavailable', 'Your terminal is taken over by a new StatefulSet.', { retryAfter: 1 });

const full = (most: number) =>
  new ServiceError('too-many-requests', 'Too many visitors wait for a terminal already.', {
    retryAfter: retryFullSeconds,
    limit: { of: 'line', most },
  });
