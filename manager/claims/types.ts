// Types that the modules of claims/ share.

import type { ErrorCode } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ObservedPod, TerminalEnd } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import type { QueuePosition } from '../queue/estimate.ts';
import type { WaitingRequests } from '../queue/waiting-requests.ts';
import type { TicketSigner } from '../tickets/keys.ts';
import type { Limits } from './limits.ts';
import type { PodPicker } from './pod-picker.ts';

/** A visitor's terminal, and the ticket for it. */
export type ClaimResult = {
  pod: ObservedPod;
  status: 'new' | 'reconnected';
  ticket: string;
  /** The visitor's previous terminal, if its end is known. */
  former: TerminalEnd | undefined;
};

/** The visitor still waits: the first of `waiting` visitors has position 1. */
export type Waiting = { status: 'waiting' } & QueuePosition;

/**
 * The outcome of a claim, for the metrics. `abandoned`: the client disconnected. `ms`: since the visitor first asked, as far as
 * this manager knows.
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
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
  /** Resolves after `ms`, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  random: () => number;
  /** A new id for each claim and each ticket. */
  newId: () => string;
  signer: Pick<TicketSigner, 'sign'>;
  /** How long a request waits before it gets a position as its answer, in milliseconds. */
  timeoutMs: number;
  onClaim?: (outcome: ClaimOutcome) => void;
};

/** The options, and the state that the requests of this manager share. */
export type ClaimContext = ClaimsOptions & {
  limits: Limits;
  picker: PodPicker;
  requestsOf: (pool: Pool) => WaitingRequests;
  /** Serves the requests that wait for a terminal of the pool. */
  serve: (pool: Pool) => void;
};
