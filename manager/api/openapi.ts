// The routes of the manager's HTTP API as a table, for its OpenAPI document.

import { claimantSchema, visitorSchema } from '../../common/claimant.ts';
import type { Api, Operation } from '../../common/http/openapi.ts';
import { keySetSchema } from '../../common/key-set.ts';
import * as api from '../../common/manager-api.ts';

const visitor = [
  { name: 'visitor', in: 'path', schema: claimantSchema },
  { name: 'pool', in: 'query', schema: api.poolNameSchema },
] satisfies Operation['parameters'];

const waiting = {
  202: {
    description: 'No terminal is ready yet: the place of the visitor in the waiting room.',
    body: api.waitingSchema,
  },
};

const operations: Api['operations'] = {
  [api.paths.terminals]: {
    post: {
      summary: "The visitor's own terminal, or a fresh one out of the pool, with a ticket for one connection.",
      body: api.claimRequestSchema,
      answers: {
        200: { description: 'The terminal that the visitor already has.', body: api.claimSchema },
        201: { description: 'A fresh terminal.', body: api.claimSchema },
        ...waiting,
      },
    },
  },
  [api.paths.restart]: {
    post: {
      summary: "Ends the visitor's terminal, if there is one, and claims a fresh one.",
      body: api.claimRequestSchema,
      answers: { 201: { description: 'A fresh terminal.', body: api.claimSchema }, ...waiting },
    },
  },
  [api.paths.terminal]: {
    get: {
      summary: "The visitor's terminal.",
      parameters: visitor,
      answers: { 200: { description: 'The terminal.', body: api.terminalSchema } },
    },
    delete: {
      summary: "Ends the visitor's terminal.",
      parameters: visitor,
      answers: { 204: { description: 'It is ending.' } },
    },
  },
  [api.paths.links]: {
    post: {
      summary: "A link to the visitor's terminal. Nothing is stored.",
      parameters: visitor,
      body: api.linkRequestSchema,
      answers: { 201: { description: 'The link.', body: api.linkSchema } },
    },
    delete: {
      summary: "Ends all links to the visitor's terminal.",
      parameters: visitor,
      answers: { 204: { description: 'The links have ended.' } },
    },
  },
  [api.paths.openLink]: {
    post: {
      summary: 'A guest comes by a link: the terminal, and a ticket for one connection.',
      body: api.openLinkRequestSchema,
      answers: { 200: { description: 'The terminal.', body: api.sharedTerminalSchema } },
    },
  },
  [api.paths.place]: {
    delete: {
      summary: 'The visitor stops waiting.',
      parameters: visitor,
      answers: { 204: { description: 'The place is given up.' } },
    },
  },
  [api.paths.visitorTerminals]: {
    get: {
      summary: 'All terminals of a visitor, in all pools: that of the page, and those of runs.',
      parameters: [{ name: 'visitor', in: 'path', schema: visitorSchema }],
      answers: { 200: { description: 'The terminals.', body: api.terminalListSchema } },
    },
  },
  [api.paths.pools]: {
    get: {
      summary: 'Every pool and its terminals.',
      answers: { 200: { description: 'The pools.', body: api.poolsSchema } },
    },
  },
  [api.paths.report]: {
    post: {
      summary: 'A terminal reports its state, and is answered with its settings.',
      body: api.reportSchema,
      answers: { 200: { description: 'The settings.', body: api.reportAnswerSchema } },
    },
  },
  [api.paths.self]: {
    delete: {
      summary: 'A terminal asks for its own deletion.',
      answers: { 202: { description: 'It is being deleted.' } },
    },
  },
  [api.paths.jwks]: {
    get: {
      summary: 'The public keys that verify tickets (RFC 7517).',
      answers: { 200: { description: 'The keys.', body: keySetSchema } },
      security: [],
    },
  },
};

export const describeManager = (version: string): Api => ({
  title: 'warmterm manager',
  version,
  description:
    'Claims terminals out of warm pools. For webservers and terminals, which send the token of their ServiceAccount.',
  securitySchemes: { serviceAccount: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  security: ['serviceAccount'],
  operations,
});
