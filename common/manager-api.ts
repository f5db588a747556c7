// The manager's HTTP API, as zod schemas: the manager checks requests and describes itself with them (/openapi.json), its
// clients check answers with them. Times are ISO 8601 strings, durations milliseconds. Of requests and answers alike, what is
// not known is ignored: while a release is rolled out, its services meet those of another version.

import * as z from 'zod';
import { claimantSchema, visitorSchema } from './claimant.ts';
import { runIdSchema } from './run-id.ts';

/** A keyed hash in base64url: what the cluster knows of the network that a visitor comes from. */
export const addressHashSchema = visitorSchema;
export const poolNameSchema = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of a pool');

/** Where a browser reaches a terminal: its node's address with the Service's node port, or the host of its route. */
export const addressSchema = z.object({
  protocol: z.enum(['http', 'https']),
  host: z.string(),
  port: z.number().int().min(1).max(65_535),
});
export type Address = z.infer<typeof addressSchema>;

/** Where other pods reach it: the pod's own address, and the port that its container listens on. */
export const podAddressSchema = z.object({ host: z.string(), port: z.number().int().min(1).max(65_535) });
export type PodAddress = z.infer<typeof podAddressSchema>;

/** A place in the waiting room: 1 is next. */
export const placeSchema = z.number().int().min(1).max(1_000_000);

/**
 * Why the time of a visitor in the queue is later than before, or absent. `starts-fail`: terminals do not start now.
 * `starts-failed`: they did not, for a while. `slow-starts`: they start more slowly than before. `long-sessions`: sessions last
 * longer than before. `fewer-terminals`: the pool was made smaller, or a part of it is out of order. `others-first`: visitors who
 * asked before are back.
 */
export const waitCauses = [
  'starts-fail',
  'starts-failed',
  'slow-starts',
  'long-sessions',
  'fewer-terminals',
  'others-first',
] as const;
export type WaitCause = (typeof waitCauses)[number];

const timeSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/**
 * The times that a manager promised to a visitor in the queue. The client sends them back unchanged, so that each manager keeps the
 * promise. Times are milliseconds since 1970 by the API server's clock; the client does not read them.
 */
export const promisedSchema = z.object({
  /** The end of the range; absent: there is none, or it was withdrawn. */
  by: timeSchema.optional(),
  /** The same for `latestSeconds`. */
  latest: timeSchema.optional(),
  /** What was so when it was promised: the position, how many terminals the pool could have, and what has to happen first. */
  position: placeSchema,
  terminals: z.number().int().min(0),
  on: z.enum(['starts', 'sessions']),
  cause: z.enum(waitCauses).optional(),
});
export type Promised = z.infer<typeof promisedSchema>;

/** POST /api/terminals and POST /api/terminals/restart */
export const claimRequestSchema = z.object({
  /** The visitor's hash, or with a run's id after a dot: the terminal of that run (claimant.ts). */
  visitor: claimantSchema,
  /** The network that the visitor comes from. Without it the limits of an address do not apply. */
  address: addressHashSchema.optional(),
  /** Whether the visitor has solved a challenge for this claim. Absent: there is nobody to put one to. */
  challenge: z.enum(['unsolved', 'solved']).optional(),
  /** The pool to claim from; may be left out where there is only one. */
  pool: poolNameSchema.optional(),
  /** The place that the visitor was last told of: the answer waits until there is something new to tell. */
  place: placeSchema.optional(),
  /** That of the last answer. */
  promised: promisedSchema.optional(),
  /** Claims nothing: the terminal that is there already, or `session-not-found`. */
  existing: z.boolean().optional(),
});

/** A visitor's terminal. */
export const terminalSchema = z.object({
  /** The pod's name. */
  name: z.string(),
  uid: z.string(),
  pool: z.string(),
  address: addressSchema,
  /** Absent while the pod has no address. */
  podAddress: podAddressSchema.optional(),
  claimedAt: z.iso.datetime(),
  /** When its lifetime is over, whatever happens. */
  expiresAt: z.iso.datetime(),
  /** How long it may lie without input. */
  idleTimeoutMs: z.number().int(),
});
export type Terminal = z.infer<typeof terminalSchema>;

/**
 * DELETE /api/self: why the session of the requesting pod is over. A pod may lie, so the page shows the reason only to the pod's own
 * visitor.
 */
export const sessionEndSchema = z.object({
  /** Of `EndReason` (socket.ts), those that a terminal finds out by itself. */
  reason: z.enum(['exit', 'run', 'idle', 'lifetime', 'processes']),
  /** With `idle`: the time without input, in milliseconds. */
  idleMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type SessionEnd = z.infer<typeof sessionEndSchema>;

/** The terminal of a visitor that ended last, by its name and the time of its claim, and why. */
export const formerTerminalSchema = sessionEndSchema.extend({ name: z.string(), claimedAt: z.iso.datetime() });
export type FormerTerminal = z.infer<typeof formerTerminalSchema>;

/** A terminal together with the ticket that opens it. */
export const claimSchema = terminalSchema.extend({
  /** `new`: just taken from the pool. `reconnected`: it was this visitor's already. */
  status: z.enum(['new', 'reconnected']),
  /** EdDSA JWT, good for one connection within a minute. */
  ticket: z.string(),
  /** Absent: none is known. It is kept until another terminal of the same name ends. */
  former: formerTerminalSchema.optional(),
});
export type Claim = z.infer<typeof claimSchema>;

/** 202 in place of a terminal: there is none yet, and the visitor has a place. To be asked again at once. */
export const waitingSchema = z.object({
  status: z.literal('waiting'),
  pool: z.string(),
  place: placeSchema,
  /** How many wait, this visitor included. */
  waiting: z.number().int(),
  /** In nine cases of ten there is a terminal between these seconds from now; absent while nothing is known that would tell. */
  earliestSeconds: z.number().int().optional(),
  expectedSeconds: z.number().int().optional(),
  /** After so many seconds there is one at the latest, if nothing breaks. */
  latestSeconds: z.number().int().optional(),
  /** Why the time is later than before, or absent. */
  cause: z.enum(waitCauses).optional(),
  /** The client sends it with the next request. A manager of a former release does not send it. */
  promised: promisedSchema.optional(),
});
export type Waiting = z.infer<typeof waitingSchema>;

export const claimAnswerSchema = z.discriminatedUnion('status', [claimSchema, waitingSchema]);
export type ClaimAnswer = z.infer<typeof claimAnswerSchema>;

/** DELETE /api/terminals/{visitor} answers 204; GET answers `terminalSchema`. Here the visitor is a claimant too. */

/** GET /api/visitors/{visitor}/terminals: all terminals of a visitor, whatever they were claimed for. */
export const terminalListSchema = z.object({
  terminals: z.array(
    z.object({
      /** Absent: the terminal of the page. */
      run: runIdSchema.optional(),
      /** The pod's name. */
      name: z.string(),
      pool: z.string(),
      claimedAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
    }),
  ),
});
export type TerminalList = z.infer<typeof terminalListSchema>;

/** One terminal as the host page shows it. */
export const podStatusSchema = z.object({
  name: z.string(),
  ordinal: z.number().int(),
  state: z.enum(['ready', 'in-use', 'recreating', 'broken']),
  /** Of a broken one: why it is not Ready, as Kubernetes says it. Of one that is `recreating`: why browsers cannot reach it. */
  reason: z.string().optional(),
  claimedAt: z.iso.datetime().optional(),
  connectedAt: z.iso.datetime().optional(),
  expiresAt: z.iso.datetime().optional(),
  /** How many browsers are attached, as the terminal last reported it. */
  connections: z.number().int().optional(),
  lastInputAt: z.iso.datetime().optional(),
});
export type PodStatus = z.infer<typeof podStatusSchema>;

/** A prewarm window as the host page shows it: the present time of it, or else the next one. */
export const windowStatusSchema = z.object({
  name: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  /** `warming`: its terminals are being started. `open`: it has begun. */
  state: z.enum(['upcoming', 'warming', 'open', 'over']),
  seats: z.number().int(),
  /** Seats of those who have come since it opened. */
  taken: z.number().int(),
  /** How many of the other seats are ready. */
  ready: z.number().int(),
  /** Whether so many fit into the cluster, as far as the manager can see. Absent while it has not looked. */
  fits: z.enum(['yes', 'no', 'unknown']).optional(),
});
export type WindowStatus = z.infer<typeof windowStatusSchema>;

const limitSchema = z.union([z.number().int(), z.literal('none')]);

/** GET /api/pools */
export const poolStatusSchema = z.object({
  name: z.string(),
  replicas: z.number().int(),
  ready: z.number().int(),
  inUse: z.number().int(),
  recreating: z.number().int(),
  /** Not Ready, or not even created, for longer than the start timeout. */
  broken: z.number().int(),
  /** Ready, but without an address that browsers could go to. Absent: the manager is of an earlier release. */
  unreachable: z.number().int().optional(),
  /** How many are to be ready now, by the setting of that name. */
  spare: z.number().int(),
  /** Visitors who wait, at all managers. */
  waiting: z.number().int(),
  windows: z.array(windowStatusSchema),
  settings: z.object({
    /** A number, a percentage of those in use such as `20%`, or `auto`. */
    spare: z.union([z.number().int(), z.string()]),
    min: z.number().int(),
    max: z.number().int(),
    idleTimeoutMs: z.number().int(),
    maxLifetimeMs: z.number().int(),
    connectTimeoutMs: z.number().int(),
    scaleDownDelayMs: z.number().int(),
    startTimeoutMs: z.number().int(),
    silenceTimeoutMs: z.number().int(),
    /** Absent, as the next: the manager is of an earlier release. */
    runGraceMs: z.number().int().optional(),
    runLingerMs: z.number().int().optional(),
    maxPerVisitor: limitSchema,
    maxPerAddress: limitSchema,
    claimsPerMinute: limitSchema,
    challengeFrom: limitSchema,
    maxWaiting: z.number().int(),
    maxWaitingPerAddress: limitSchema,
  }),
  /** Settings that did not parse, so that the former value is in force; and what else an administrator should know. */
  problems: z.array(z.string()),
  pods: z.array(podStatusSchema),
});
export type PoolStatus = z.infer<typeof poolStatusSchema>;
export const poolsSchema = z.object({ pools: z.array(poolStatusSchema) });

/** POST /api/self/report: a terminal tells how it is doing; the manager answers with what now holds for it. */
export const reportSchema = z.object({
  /** Browsers attached at this moment. */
  connections: z.number().int().min(0).max(1_000),
  /** When a browser first attached; absent if none ever did. */
  connectedAt: z.iso.datetime().optional(),
  lastInputAt: z.iso.datetime().optional(),
});
export type Report = z.infer<typeof reportSchema>;

export const reportAnswerSchema = z.object({
  /** The manager's time. A terminal's node may have another: it goes by this one. */
  now: z.iso.datetime(),
  idleTimeoutMs: z.number().int(),
  /** How long after `now` its lifetime is over. Absent while the terminal is unclaimed. */
  expiresInMs: z.number().int().optional(),
  /** How long an attached run lives without its client. Absent: the terminal's own default holds. */
  runGraceMs: z.number().int().min(0).optional(),
  /** How long the terminal stays after a detached run that ends it. Absent: the terminal's own default holds. */
  runLingerMs: z.number().int().min(0).optional(),
  /** Who has the pod deleted; present once it is being deleted. */
  endedBy: z.enum(['owner', 'lifetime', 'administrator']).optional(),
});
export type ReportAnswer = z.infer<typeof reportAnswerSchema>;

/** DELETE /api/places/{visitor} answers 204: the visitor waits no more. */

/** DELETE /api/self takes `sessionEndSchema`, or no body, and answers 202: the pod that asks is being deleted. */
export const paths = {
  terminals: '/api/terminals',
  restart: '/api/terminals/restart',
  terminal: '/api/terminals/{visitor}',
  place: '/api/places/{visitor}',
  visitorTerminals: '/api/visitors/{visitor}/terminals',
  pools: '/api/pools',
  self: '/api/self',
  report: '/api/self/report',
  jwks: '/.well-known/jwks.json',
} as const;
