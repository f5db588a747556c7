// The table behind the OpenAPI document of the webserver's HTTP API, for programs in any language.

import type { Api, Operation } from '../common/http/openapi.ts';
import {
  linkSchema,
  openLinkRequestSchema,
  poolNameSchema,
  poolsSchema,
  terminalListSchema,
  waitingSchema,
} from '../common/manager-api.ts';
import { runIdSchema } from '../common/run-id.ts';
import {
  newLinkSchema,
  openedLinkSchema,
  openedSchema,
  openRequestSchema,
  openTerminalSchema,
  paths,
  poolSummariesSchema,
  visitorHeader,
} from '../common/terminals-api.ts';

const pool = {
  name: 'pool',
  in: 'query',
  schema: poolNameSchema,
  description: 'The pool of the terminal. Default: the pool that the installation names, or any.',
} satisfies NonNullable<Operation['parameters']>[number];

const run = {
  name: 'run',
  in: 'query',
  schema: runIdSchema,
  description: 'The run that the terminal was claimed for. Default: none, the terminal of the page.',
} satisfies NonNullable<Operation['parameters']>[number];

const newId = {
  [visitorHeader]:
    'The signed id of the visitor, when the request proposed a new one. Keep it, and send it from now on.',
};

const opened = {
  201: { description: 'A fresh terminal.', body: openedSchema, headers: newId },
  202: {
    description: 'No terminal is ready yet: the visitor is in the queue. Send the request again at once, with `place`.',
    body: waitingSchema,
    headers: newId,
  },
};

const operations: Api['operations'] = {
  [paths.terminals]: {
    get: {
      summary: 'All terminals of the visitor, in all pools: that of the page, and those of runs.',
      answers: { 200: { description: 'The terminals.', body: terminalListSchema, headers: newId } },
    },
    post: {
      summary:
        "Claims a terminal, or returns the visitor's present one, with a ticket for one connection within a minute. With `run`, an id that the " +
        'client has made, it is the terminal of that run: each id has one of its own.',
      body: openRequestSchema,
      answers: { 200: { description: 'The terminal that the visitor already has.', body: openedSchema }, ...opened },
    },
  },
  [paths.restart]: {
    post: {
      summary: "Ends the visitor's terminal, if there is one, and opens a fresh one.",
      body: openRequestSchema,
      answers: opened,
    },
  },
  [paths.current]: {
    get: {
      summary: "The visitor's terminal.",
      parameters: [pool, run],
      answers: { 200: { description: 'The terminal.', body: openTerminalSchema } },
    },
    delete: {
      summary: "Ends the visitor's terminal. Its files are deleted.",
      parameters: [pool, run],
      answers: { 204: { description: 'It is ending.' } },
    },
  },
  [paths.place]: {
    delete: {
      summary: 'Leaves the queue.',
      parameters: [pool, run],
      answers: { 204: { description: 'The visitor is not in the queue any more.' } },
    },
  },
  [paths.links]: {
    post: {
      summary:
        "A link to the visitor's terminal: a token for the fragment `#share=` of the page's address. The role is that of whoever comes by it.",
      body: newLinkSchema,
      answers: { 201: { description: 'The link.', body: linkSchema, headers: newId } },
    },
    delete: {
      summary: "Ends all links to the visitor's terminal.",
      parameters: [pool],
      answers: { 204: { description: 'The links have ended.' } },
    },
  },
  [paths.openLink]: {
    post: {
      summary: 'A guest comes by a link: the terminal, and a ticket for one connection within a minute.',
      body: openLinkRequestSchema,
      answers: { 200: { description: 'The terminal.', body: openedLinkSchema } },
      security: [],
    },
  },
  [paths.pools]: {
    get: {
      summary:
        'How many terminals are ready, and how many visitors wait: in the named pool, or else in the default ' +
        'pool and in those of the visitor’s terminals. Up to two seconds old.',
      parameters: [pool],
      answers: { 200: { description: 'The pools.', body: poolSummariesSchema, headers: newId } },
    },
  },
  [paths.hostPools]: {
    get: {
      summary: 'Every pool and its terminals, for the host of a workshop.',
      answers: { 200: { description: 'The pools.', body: poolsSchema } },
      security: ['host'],
    },
  },
};

/** `hostPage`: whether the installation has a host token. */
export const describeWebserver = (version: string, { hostPage }: { hostPage: boolean }): Api => {
  const { [paths.hostPools]: host, ...forVisitors } = operations;
  return {
    title: 'warmterm',
    version,
    description:
      `Opens terminals. A visitor is known by the header ${visitorHeader}. A new client sends \`new.\` and 22 random base64url ` +
      'characters, and repeats that until an answer brings the signed id. Errors are problem documents with a `code`, ' +
      '`retryable` and `retryAfter` in seconds.',
    securitySchemes: {
      visitor: { type: 'apiKey', in: 'header', name: visitorHeader },
      host: { type: 'http', scheme: 'bearer', description: 'The host token of the installation.' },
    },
    security: ['visitor'],
    operations: hostPage ? { ...forVisitors, ...(host && { [paths.hostPools]: host }) } : forVisitors,
  };
};
