// The manager's HTTP API as zod schemas. The manager checks requests and describes itself with them (/openapi.json); its clients check
// answers. Times are ISO 8601 strings, durations milliseconds. Unknown fields are ignored: during a rollout, services of two versions
// talk to each other.

import * as z from 'zod';
import { claimantSchema, visitorSchema } from './claimant.ts';
import { personNameSchema } from './person-name.ts';
import { runIdSchema } from './run-id.ts';

/** A keyed hash in base64url that stands for a visitor's network. */
export const addressHashSchema = visitorSchema;
export const poolNameSchema = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of a pool');

/** Where browsers reach a terminal: its node's address with the Service's node port, or the host of its route. */
export const addressSchema = z.object({
  protocol: z.enum(['http', 'https']),
  host: z.string(),
  port: z.number().int().min(1).max(65_535),
});
export type Address = z.infer<typeof addressSchema>;

/** Where other pods reach it: the pod's address, and the port of its container. */
export const podAddressSchema = z.object({ host: z.string(), port: z.number().int().min(1).max(65_535) });
export type PodAddress = z.infer<typeof podAddressSchema>;

/** A position in the queue: 1 is next. */
export const placeSchema = z.number().int().min(1).max(1_000_000);

/**
 * Why the estimate of a visitor in the queue is later than before, or absent. `starts-fail`: terminals fail to start at present.
 * `starts-failed`: they failed for a while. `slow-starts`: they start more slowly. `long-sessions`: sessions last longer.
 * `fewer-terminals`: the pool was made smaller, or terminals broke. `others-first`: visitors who asked earlier have returned.
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
 * The times that a manager promised to a visitor in the queue. The client sends them back unchanged, so each manager keeps the promise.
 * Milliseconds since 1970 by the API server's clock; opaque to the client.
 */
export const promisedSchema = z.object({
  /** The end of the estimated range. Absent: no promise, or withdrawn. */
  by: timeSchema.optional(),
  /** The same for `latestSeconds`. */
  latest: timeSchema.optional(),
  /** The facts behind the promise: the position, the terminals that the pool could have, and what has to happen first. */
  position: placeSchema,
  terminals: z.number().int().min(0),
  on: z.enum(['starts', 'sessions']),
  cause: z.enum(waitCauses).optional(),
});
export type Promised = z.infer<typeof promisedSchema>;

/** POST /api/terminals and POST /api/terminals/restart */
export const claimRequestSchema = z.object({
  /** The visitor's hash, for a run with a dot and the run's id (claimant.ts). */
  visitor: claimantSchema,
  /** The visitor's network. Without it, the limits of an address do not apply. */
  address: addressHashSchema.optional(),
  /** Whether the visitor has solved a challenge for this claim. Absent: the client cannot pass on a challenge. */
  challenge: z.enum(['unsolved', 'solved']).optional(),
  /** The pool to claim from. Optional if there is only one. */
  pool: poolNameSchema.optional(),
  /** The last position that the visitor was sent. The answer waits until there is something new to report. */
  place: placeSchema.optional(),
  /** `promised` of the last answer. */
  promised: promisedSchema.optional(),
  /** Claims nothing: returns the visitor's present terminal, or `session-not-found`. */
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
  /** When its maximum lifetime ends. */
  expiresAt: z.iso.datetime(),
  /** How long it may be without input. */
  idleTimeoutMs: z.number().int(),
});
export type Terminal = z.infer<typeof terminalSchema>;

/**
 * DELETE /api/self: why the session of the requesting pod ended. A pod may lie, so the page shows the reason only to the pod's own
 * visitor.
 */
export const sessionEndSchema = z.object({
  /** The reasons of `EndReason` (socket.ts) that a terminal detects itself. */
  reason: z.enum(['exit', 'run', 'idle', 'lifetime', 'processes']),
  /** For `idle`: the time without input, in milliseconds. */
  idleMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type SessionEnd = z.infer<typeof sessionEndSchema>;

/** The visitor's terminal that ended last, by its name and the time of its claim, and why. */
export const formerTerminalSchema = sessionEndSchema.extend({ name: z.string(), claimedAt: z.iso.datetime() });
export type FormerTerminal = z.infer<typeof formerTerminalSchema>;

/** A terminal together with the ticket that opens it. */
export const claimSchema = terminalSchema.extend({
  /** `new`: just claimed. `reconnected`: the visitor had it already. */
  status: z.enum(['new', 'reconnected']),
  /** EdDSA JWT, good for one connection within a minute. */
  ticket: z.string(),
  /** Absent: none is known. Kept until another terminal of the same name ends. */
  former: formerTerminalSchema.optional(),
});
export type Claim = z.infer<typeof claimSchema>;

/** The answer 202: no terminal yet; the visitor is in the queue. Ask again at once, with the position. */
export const waitingSchema = z.object({
  status: z.literal('waiting'),
  pool: z.string(),
  place: placeSchema,
  /** How many visitors wait, this one included. */
  waiting: z.number().int(),
  /** In nine of ten cases there is a terminal between these seconds from now. Absent: no estimate. */
  earliestSeconds: z.number().int().optional(),
  expectedSeconds: z.number().int().optional(),
  /** The latest number of seconds after which there is a terminal, if nothing fails. */
  latestSeconds: z.number().int().optional(),
  /** Why the estimate is later than before, or absent. */
  cause: z.enum(waitCauses).optional(),
  /** The client returns it with its next request. Managers of earlier releases do not send it. */
  promised: promisedSchema.optional(),
});
export type Waiting = z.infer<typeof waitingSchema>;

export const claimAnswerSchema = z.discriminatedUnion('status', [claimSchema, waitingSchema]);
export type ClaimAnswer = z.infer<typeof claimAnswerSchema>;

/** DELETE /api/terminals/{visitor} answers 204; GET answers `terminalSchema`. `visitor` may be a claimant with a run. */

/** GET /api/visitors/{visitor}/terminals: all terminals of a visitor, of the page and of runs. */
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
  /** For a broken terminal: Kubernetes' reason why it is not Ready. For a `recreating` one: why browsers cannot reach it. */
  reason: z.string().optional(),
  claimedAt: z.iso.datetime().optional(),
  connectedAt: z.iso.datetime().optional(),
  expiresAt: z.iso.datetime().optional(),
  /** Attached browsers, by the terminal's last report. */
  connections: z.number().int().optional(),
  lastInputAt: z.iso.datetime().optional(),
});
export type PodStatus = z.infer<typeof podStatusSchema>;

/** A prewarm window on the host page: the present time of it, else the next one. */
export const windowStatusSchema = z.object({
  name: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  /** `warming`: its terminals are being started. `open`: the window has begun. */
  state: z.enum(['upcoming', 'warming', 'open', 'over']),
  seats: z.number().int(),
  /** Seats of the visitors who have come since it opened. */
  taken: z.number().int(),
  /** How many of the other seats are ready. */
  ready: z.number().int(),
  /** Whether the cluster has room for all seats, as far as the manager can see. Absent until it has checked. */
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
  /** Ready, but without an address for browsers. Absent: the manager is of an earlier release. */
  unreachable: z.number().int().optional(),
  /** How many terminals the setting `spare` asks to be ready now. */
  spare: z.number().int(),
  /** Visitors in the queue, of all managers. */
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
    /** This and the next: absent in answers of an earlier release. */
    runGraceMs: z.number().int().optional(),
    runLingerMs: z.number().int().optional(),
    maxPerVisitor: limitSchema,
    maxPerAddress: limitSchema,
    claimsPerMinute: limitSchema,
    challengeFrom: limitSchema,
    maxWaiting: z.number().int(),
    maxWaitingPerAddress: limitSchema,
  }),
  /** Invalid settings, for which the last valid values apply, and other warnings for the administrator. */
  problems: z.array(z.string()),
  pods: z.array(podStatusSchema),
});
export type PoolStatus = z.infer<typeof poolStatusSchema>;
export const poolsSchema = z.object({ pools: z.array(poolStatusSchema) });

/** POST /api/self/report: a terminal reports its state; the manager answers with the settings that apply. */
export const reportSchema = z.object({
  /** Browsers attached at this moment. */
  connections: z.number().int().min(0).max(1_000),
  /** When a browser first attached; absent if none ever did. */
  connectedAt: z.iso.datetime().optional(),
  lastInputAt: z.iso.datetime().optional(),
});
export type Report = z.infer<typeof reportSchema>;

export const reportAnswerSchema = z.object({
  /** The manager's time. The terminal uses it instead of its node's clock. */
  now: z.iso.datetime(),
  idleTimeoutMs: z.number().int(),
  /** Time from `now` to the end of its lifetime. Absent while the terminal is unclaimed. */
  expiresInMs: z.number().int().optional(),
  /** How long an attached run lives without its client. Absent: use the terminal's default. */
  runGraceMs: z.number().int().min(0).optional(),
  /** How long the terminal stays after a detached run that ends it. Absent: use the terminal's default. */
  runLingerMs: z.number().int().min(0).optional(),
  /** Who deleted the pod; present once its deletion has begun. */
  endedBy: z.enum(['owner', 'lifetime', 'administrator']).optional(),
});
export type ReportAnswer = z.infer<typeof reportAnswerSchema>;

/** What a guest may do who comes by a link: look on, or also take the pen. */
export const linkRoles = ['viewer', 'editor'] as const;
export const linkTimes = { minMs: 60_000, defaultMs: 3_600_000, maxMs: 7 * 86_400_000 } as const;

/** POST /api/terminals/{visitor}/links: a link to the visitor's terminal. Nothing is stored. */
export const linkRequestSchema = z.object({
  pool: poolNameSchema.optional(),
  role: z.enum(linkRoles),
  expiresInMs: z.number().int().min(linkTimes.minMs).max(linkTimes.maxMs).default(linkTimes.defaultMs),
  /** For the owner: whom the link is for. */
  label: personNameSchema.optional(),
});
export type LinkRequest = z.infer<typeof linkRequestSchema>;

/** DELETE /api/terminals/{visitor}/links answers 204: all links to the terminal have ended. */
export const linkSchema = z.object({ token: z.string(), expiresAt: z.iso.datetime() });
export type Link = z.infer<typeof linkSchema>;

/** POST /api/links/open: a guest comes by a link. `link-ended` where the link has expired or was revoked, or the terminal has ended. */
export const openLinkRequestSchema = z.object({
  token: z.string().max(2_048),
  name: personNameSchema,
  /** A random secret of the guest's browser: who sends the same one is the same person. */
  guest: z.string().regex(/^[\w-]{22}$/),
});
export type OpenLinkRequest = z.infer<typeof openLinkRequestSchema>;

export const sharedTerminalSchema = terminalSchema.extend({ ticket: z.string(), role: z.enum(linkRoles) });
export type SharedTerminal = z.infer<typeof sharedTerminalSchema>;

/** DELETE /api/places/{visitor} answers 204: the visitor leaves the queue. */

/** DELETE /api/self takes `sessionEndSchema`, or no body, and answers 202: the pod that asks will be deleted. */
export const paths = {
  terminals: '/api/terminals',
  restart: '/api/terminals/restart',
  terminal: '/api/terminals/{visitor}',
  place: '/api/places/{visitor}',
  visitorTerminals: '/api/visitors/{visitor}/terminals',
  links: '/api/terminals/{visitor}/links',
  openLink: '/api/links/open',
  pools: '/api/pools',
  self: '/api/self',
  report: '/api/self/report',
  jwks: '/.well-known/jwks.json',
} as const;
