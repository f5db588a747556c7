// The webserver's HTTP API, used by the page and by programs: JSON over /api/terminals. The visitor is known by a signed id in
// a header, never by what the body says. Unknown fields are refused, so that the author of a program finds a mistake at once.

import * as z from 'zod';
import { errorCodes } from './errors.ts';
import { formerTerminalSchema, placeSchema, poolNameSchema, promisedSchema, waitingSchema } from './manager-api.ts';
import { runIdSchema } from './run-id.ts';

/**
 * Holds the visitor's id in each request. A new visitor's client proposes one: `new.` and 22 random base64url characters. The
 * answer then has the signed id, which the client keeps and sends from then on. Until it has come, the client repeats its proposal:
 * an answer that is lost on the way leaves no terminal that nobody finds again. A request with neither is refused with
 * `unknown-visitor`. An id begins with `browser.` or `tab.`, which says what keeps it. It is never in a cookie,
 * nor in the part of a URL that a server sees.
 */
export const visitorHeader = 'warmterm-visitor';
/** On each answer: the version of the webserver, by which a client of another version knows what it is. */
export const versionHeader = 'warmterm-version';
/** Stands for the id where none is needed: WARMTERM_IDENTITY=address and header. */
export const noVisitorId = 'none';

/** As the query (`?pool=&run=`): GET and DELETE current, DELETE place. */
export const targetSchema = z.strictObject({
  pool: poolNameSchema.optional(),
  /** The terminal of this run (runs.ts). Absent: the visitor's terminal in the page. */
  run: runIdSchema.optional(),
});

/** POST /api/terminals and POST /api/terminals/current/restart. */
export const openRequestSchema = targetSchema.extend({
  /** That of the last answer, if it was a place. */
  place: placeSchema.optional(),
  /** That too, as it is. */
  promised: promisedSchema.optional(),
  /** Of the challenge that came with `challenge-required`. */
  solution: z.record(z.string(), z.unknown()).optional(),
  /** Claims nothing: a ticket for the terminal that is there already, or `session-not-found`. */
  existing: z.boolean().optional(),
});

/**
 * When the page goes by the relay: where the direct way is blocked (`fallback`), `always`, or `never`. The relay is a
 * WebSocket at the page's own origin, which the webserver passes on to the visitor's terminal.
 */
export const relayModes = ['fallback', 'always', 'never'] as const;
export type RelayMode = (typeof relayModes)[number];

/**
 * The query of the relay's WebSocket: what socket.io says of itself, in which pool the terminal is, and of which run. Whose it is the
 * ticket says (socket-protocol.ts): a socket needs no visitor's id. A `run` other than the ticket's is refused.
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

/** What POST answers: the terminal, and a ticket for one connection to it within a minute. */
export const openedSchema = openTerminalSchema.extend({
  status: z.enum(['new', 'reconnected']),
  ticket: z.string(),
  /** Why the visitor's last WebSocket at the relay was refused, if one was within the last minute: browsers hide that from the page. */
  relayProblem: z.object({ code: z.enum(errorCodes), detail: z.string() }).optional(),
  /** How the visitor's terminal before this one ended, where that terminal has said it. */
  former: formerTerminalSchema.optional(),
});
export type Opened = z.infer<typeof openedSchema>;

/**
 * Or, with 202, a place in the waiting room: to be asked again at once, with the place. Such a request waits until there is a
 * terminal, or something new to tell.
 */
export const openAnswerSchema = z.discriminatedUnion('status', [openedSchema, waitingSchema]);
export type OpenAnswer = z.infer<typeof openAnswerSchema>;

/** GET /api/pools: the pool of the query `?pool=`; without, the pool of those who name none, and those of the visitor's terminals. */
export const poolSummariesSchema = z.object({
  pools: z.array(
    z.object({
      name: z.string(),
      /** Terminals that can be had at once. */
      ready: z.number().int(),
      /** Visitors in the queue. */
      waiting: z.number().int(),
    }),
  ),
});
export type PoolSummaries = z.infer<typeof poolSummariesSchema>;

/**
 * GET /api/terminals answers `terminalListSchema` of the manager. DELETE /api/terminals/current and
 * /api/terminals/place answer 204. GET /api/host/pools answers `poolsSchema` of the manager.
 */
export const paths = {
  terminals: '/api/terminals',
  current: '/api/terminals/current',
  restart: '/api/terminals/current/restart',
  relay: '/api/terminals/current/relay',
  place: '/api/terminals/place',
  pools: '/api/pools',
  hostPools: '/api/host/pools',
} as const;
