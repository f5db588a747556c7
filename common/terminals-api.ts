// The webserver's HTTP API, used by the page and by the command line: JSON over /api/terminals. The visitor is known by
// a signed cookie, never by what the body says. What is not known is refused: whoever writes a program for it finds the mistake.

import * as z from 'zod';
import { placeSchema, poolNameSchema, waitingSchema } from './manager-api.ts';

/** In a tab of its own identity (WARMTERM_IDENTITY=tab), this header (of a WebSocket: `?tab=`) holds the tab's random id. */
export const tabHeader = 'x-warmterm-tab';
export const tabSchema = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 characters of base64url');

/** As the query (`?pool=`): GET and DELETE current, DELETE place. */
export const targetSchema = z.strictObject({ pool: poolNameSchema.optional() });

/** POST /api/terminals and POST /api/terminals/current/restart. */
export const openRequestSchema = targetSchema.extend({
  /** That of the last answer, if it was a place. */
  place: placeSchema.optional(),
  /** Of the challenge that came with `challenge-required`. */
  solution: z.record(z.string(), z.unknown()).optional(),
});

/**
 * When the page goes by the relay: where the direct way is blocked (`fallback`), `always`, or `never`. The relay is a
 * WebSocket at the page's own origin, which the webserver passes on to the visitor's terminal.
 */
export const relayModes = ['fallback', 'always', 'never'] as const;
export type RelayMode = (typeof relayModes)[number];

/** The query of the relay's WebSocket: what socket.io says of itself, and which terminal of the visitor's is meant. */
export const relayQuerySchema = targetSchema.extend({
  EIO: z.literal('4'),
  transport: z.literal('websocket'),
  tab: tabSchema.optional(),
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
});
export type Opened = z.infer<typeof openedSchema>;

/**
 * Or, with 202, a place in the waiting room: to be asked again at once, with the place. Such a request waits until there is a
 * terminal, or something new to tell.
 */
export const openAnswerSchema = z.discriminatedUnion('status', [openedSchema, waitingSchema]);
export type OpenAnswer = z.infer<typeof openAnswerSchema>;

/** DELETE /api/terminals/current and /api/terminals/place answer 204. GET /api/host/pools answers `poolsSchema` of the manager. */
export const paths = {
  terminals: '/api/terminals',
  current: '/api/terminals/current',
  restart: '/api/terminals/current/restart',
  relay: '/api/terminals/current/relay',
  place: '/api/terminals/place',
  hostPools: '/api/host/pools',
} as const;
