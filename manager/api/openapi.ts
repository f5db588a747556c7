// The HTTP API described by the schemas that check it, as OpenAPI 3.1 (whose schemas are JSON Schema 2020-12).

import * as z from 'zod';
import { problemSchema, problemType } from '../../common/http/problem.ts';
import * as api from '../../common/manager-api.ts';

type Operation = {
  summary: string;
  body?: z.ZodType;
  status: number;
  answer?: z.ZodType;
  /** What is answered to a visitor who has to wait. */
  waits?: true;
  visitor?: true;
  open?: true;
};

const operations: Record<string, Record<string, Operation>> = {
  [api.paths.terminals]: {
    post: {
      summary: "The visitor's own terminal, or a fresh one out of the pool (201), with a ticket for one connection.",
      body: api.claimRequestSchema,
      status: 200,
      answer: api.claimSchema,
      waits: true,
    },
  },
  [api.paths.restart]: {
    post: {
      summary: "Ends the visitor's terminal, if there is one, and claims a fresh one.",
      body: api.claimRequestSchema,
      status: 201,
      answer: api.claimSchema,
      waits: true,
    },
  },
  [api.paths.terminal]: {
    get: { summary: "The visitor's terminal.", visitor: true, status: 200, answer: api.terminalSchema },
    delete: { summary: "Ends the visitor's terminal.", visitor: true, status: 204 },
  },
  [api.paths.place]: {
    delete: { summary: 'The visitor waits no more.', visitor: true, status: 204 },
  },
  [api.paths.pools]: { get: { summary: 'Every pool and its terminals.', status: 200, answer: api.poolsSchema } },
  [api.paths.report]: {
    post: {
      summary: 'A terminal tells how it is doing, and is told what holds for it.',
      body: api.reportSchema,
      status: 200,
      answer: api.reportAnswerSchema,
    },
  },
  [api.paths.self]: { delete: { summary: 'A terminal asks for its own deletion.', status: 202 } },
  [api.paths.jwks]: {
    get: {
      summary: 'The public key by which terminals verify tickets (RFC 7517).',
      status: 200,
      answer: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
      open: true,
    },
  },
};

/** The whole document, ready to be sent. */
export function describeApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'warmterm manager', version, description: 'Claims terminals out of warm pools.' },
    components: { securitySchemes: { serviceAccount: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    security: [{ serviceAccount: [] }],
    paths: Object.fromEntries(
      Object.entries(operations).map(([path, methods]) => [
        path,
        Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, describe(operation)])),
      ]),
    ),
  };
}

function describe({ summary, body, status, answer, waits, visitor, open }: Operation): object {
  const pool = { name: 'pool', in: 'query', required: false, schema: schema(api.poolNameSchema) };
  const who = { name: 'visitor', in: 'path', required: true, schema: schema(api.visitorSchema) };
  return {
    summary,
    ...(open && { security: [] }),
    ...(visitor && { parameters: [who, pool] }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schema(body, 'input') } } },
    }),
    responses: {
      [status]: {
        description: summary,
        ...(answer && { content: { 'application/json': { schema: schema(answer) } } }),
      },
      ...(waits && {
        202: {
          description: 'There is none yet: the place of the visitor in the waiting room.',
          content: { 'application/json': { schema: schema(api.waitingSchema) } },
        },
      }),
      default: { description: 'A problem.', content: { [problemType]: { schema: schema(problemSchema) } } },
    },
  };
}

const schema = (type: z.ZodType, io: 'input' | 'output' = 'output'): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(type, { io });
  return rest;
};
