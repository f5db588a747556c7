// The webserver's HTTP API for the page and for programs: JSON under /api/terminals. A signed id in a header identifies the visitor; the
// body never does. Unknown fields are refused, so that a programmer notices a mistake at once.

import * as z from 'zod';
import { errorCodes } from './errors.ts';
import {
  formerTerminalSchema,
  linkRequestSchema,
  linkRoles,
  placeSchema,
  poolNameSchema,
  promisedSchema,
  waitingSchema,
} from './manager-api.ts';
import { runIdSchema } from './run-id.ts';

/**
 * Carries the visitor's id. A new client proposes one: `new.` and 22 random base64url characters. The answer has the signed id, which the
 * client keeps and sends from then on. Until then it repeats its proposal, so a lost answer leaves no terminal that the client cannot find.
 * A request with neither is refused with `unknown-visitor`. An id begins with `browser.` or `tab.`, after the storage that keeps it. It is
 * never in a cookie, nor in a part of a URL that a server sees.
 */
export const visitorHeader = 'warmterm-visitor';
/** On each answer: the version of the webserver. Clients compare it with their own. */
export const versionHeader = 'warmterm-version';
/** Replaces the id if none is needed: WARMTERM_IDENTITY=address and header. */
export const noVisitorId = 'none';

/** The query (`?pool=&run=`) of GET and DELETE current, and of DELETE place. */
export const targetSchema = z.strictObject({
  pool: poolNameSchema.optional(),
  /** The terminal of this run (runs.ts). Default: the visitor's terminal in the page. */
  run: runIdSchema.optional(),
});

/** POST /api/terminals and POST /api/terminals/current/restart. */
export const openRequestSchema = targetSchema.extend({
  /** `place` of the last answer, if it had one. */
  place: placeSchema.optional(),
  /** `promised` of the last answer, unchanged. */
  promised: promisedSchema.optional(),
  /** The solution of the challenge that came with `challenge-required`. */
  solution: z.record(z.string(), z.unknown()).optional(),
  /** Claims nothing: returns a ticket for the present terminal, or `session-not-found`. */
  existing: z.boolean().optional(),
});

/**
 * When the page uses the relay: if the direct connection is blocked (`fallback`), `always`, or `never`. The relay is a WebSocket at the
 * page's own origin, which the webserver forwards to the visitor's terminal.
 */
export const relayModes = ['fallback', 'always', 'never'] as const;
export type RelayMode = (typeof relayModes)[number];

/**
 * The query of the relay's WebSocket: the parameters of socket.io, the pool and the run. The ticket identifies the visitor
 * (socket-protocol.ts), so no visitor id is needed. A `run` that differs from the ticket's is refused.
 */
export const relayQuerySchema = targetSchema.extend({
  EIO: z.literal('4'),
  transport: z.literal('websocket'),
});

/** GET /api/terminals/current */
export const openTerminalSchema = z.object({
  /** The pod's name. */
  name: z.string(),
  /** Origin of the terminal's socket, such as `http://192.0.2.7:30123`. */
  url: z.string(),
  relay: z.enum(relayModes),
  claimedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  idleTimeoutMs: z.number().int(),
});
export type OpenTerminal = z.infer<typeof openTerminalSchema>;

/** The answer of POST: the terminal, and a ticket for one connection within a minute. */
export const openedSchema = openTerminalSchema.extend({
  status: z.enum(['new', 'reconnected']),
  ticket: z.string(),
  /** Why the relay refused the visitor's last WebSocket within the last minute. Browsers hide that from the page. */
  relayProblem: z.object({ code: z.enum(errorCodes), detail: z.string() }).optional(),
  /** How the visitor's previous terminal ended, if it reported that. */
  former: formerTerminalSchema.optional(),
});
export type Opened = z.infer<typeof openedSchema>;

/** POST /api/terminals/current/links answers `linkSchema` of the manager; DELETE, with a pool in the query, 204. */
export const newLinkSchema = z.strictObject(linkRequestSchema.shape);
/** The name of the parameter that holds a link's token in the fragment of the page's URL. Browsers send no fragment to a server. */
export const linkParameter = 'share';
/** POST /api/links/open, without a visitor's id: a guest sends no credentials. */
export const openedLinkSchema = openTerminalSchema.extend({
  ticket: z.string(),
  role: z.enum(linkRoles),
  /** For the query of the relay. */
  pool: poolNameSchema,
});
export type OpenedLink = z.infer<typeof openedLinkSchema>;

/**
 * The answer 202 has a position in the queue: ask again at once, with the position. That request waits until there is a terminal or
 * something new to report.
 */
export const openAnswerSchema = z.discriminatedUnion('status', [openedSchema, waitingSchema]);
export type OpenAnswer = z.infer<typeof openAnswerSchema>;

/** GET /api/pools: the pool of the query `?pool=`. Without it: the default pool, and the pools of the visitor's terminals. */
export const poolSummariesSchema = z.object({
  pools: z.array(
    z.object({
      name: z.string(),
      /** Terminals that are ready. */
      ready: z.number().int(),
      /** Visitors in the queue. */
      waiting: z.number().int(),
    }),
  ),
});
export type PoolSummaries = z.infer<typeof poolSummariesSchema>;

/**
 * GET /api/terminals answers the manager's `terminalListSchema`. DELETE /api/terminals/current and /api/terminals/place answer 204. GET
 * /api/host/pools answers the manager's `poolsSchema`.
 */
export const paths = {
  terminals: '/api/terminals',
  current: '/api/terminals/current',
  restart: '/api/terminals/current/restart',
  relay: '/api/terminals/current/relay',
  place: '/api/terminals/place',
  links: '/api/terminals/current/links',
  openLink: '/api/links/open',
  pools: '/api/pools',
  hostPools: '/api/host/pools',
} as const;
