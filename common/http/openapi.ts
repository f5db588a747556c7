// Describes an HTTP API as OpenAPI 3.1, from the zod schemas that check its requests. https://spec.openapis.org/oas/v3.1.0

import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import * as z from 'zod';
import { problemSchema, problemType } from './problem.ts';

type Method = 'get' | 'post' | 'delete';
type Answer = { description: string; body?: z.ZodType; headers?: Record<string, string> };
type Parameter = { name: string; in: 'path' | 'query' | 'header'; schema: z.ZodType; description?: string };

export type Operation = {
  summary: string;
  parameters?: Parameter[];
  /** The JSON body of the request. */
  body?: z.ZodType;
  /** Answers by status. Any other answer is a problem document (RFC 9457). */
  answers: Record<number, Answer>;
  /** Names of security schemes; empty for an operation that needs none. Default: those of the API. */
  security?: string[];
};

export type Api = {
  title: string;
  version: string;
  description: string;
  securitySchemes: Record<string, object>;
  security: string[];
  /** By path, then by method. */
  operations: Record<string, Partial<Record<Method, Operation>>>;
};

/**
 * Serves the document of an API, with an ETag (RFC 9110, 8.8.3). It is made once, on the first request, which takes tens of milliseconds.
 */
export function serveDescription(api: Api): RequestHandler {
  let made: { text: string; etag: string } | undefined;
  return (request, response) => {
    made ??= withTag(JSON.stringify(describeApi(api)));
    response.set({ etag: made.etag, 'cache-control': 'no-cache' });
    if (request.get('if-none-match') === made.etag) return void response.status(304).end();
    response.type('json').send(made.text);
  };
}

const withTag = (text: string) => ({
  text,
  etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`,
});

function describeApi({ title, version, description, securitySchemes, security, operations }: Api): object {
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    components: { securitySchemes },
    security: requirements(security),
    paths: Object.fromEntries(
      Object.entries(operations).map(([path, methods]) => [
        path,
        Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, describe(operation)])),
      ]),
    ),
  };
}

function describe({ summary, parameters, body, answers, security }: Operation): object {
  return {
    summary,
    ...(security && { security: requirements(security) }),
    ...(parameters && { parameters: parameters.map(describeParameter) }),
    ...(body && { requestBody: { required: true, content: content('application/json', body, 'input') } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)])),
      default: { description: 'A problem.', content: content(problemType, problemSchema) },
    },
  };
}

const requirements = (security: string[]) => security.map((name) => ({ [name]: [] }));

const describeParameter = ({ schema, ...parameter }: Parameter) => ({
  ...parameter,
  required: parameter.in === 'path',
  schema: toSchema(schema, 'input'),
});

const describeAnswer = ({ description, body, headers }: Answer) => ({
  description,
  ...(headers && {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
    ),
  }),
  ...(body && { content: content('application/json', body) }),
});

const content = (type: string, body: z.ZodType, io: 'input' | 'output' = 'output') => ({
  [type]: { schema: toSchema(body, io) },
});

// OpenAPI 3.1 uses JSON Schema 2020-12, so no schema needs to name its dialect.
function toSchema(type: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io });
  return schema;
}
