// The HTTP side of a visitor's browser: it proposes an id, keeps the id that it gets, and sends JSON.

import { visitorHeader } from '../../common/terminals-api.ts';
import { proposedId } from './proposed-id.ts';

export type Answer = {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
  /** The id in the answer. */
  given: string | null;
};

export type Visitor = {
  send: (
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ) => Promise<Answer>;
  /** Undefined sends none. */
  id: string | undefined;
};

export function createVisitor(url: string): Visitor {
  const visitor: Visitor = {
    id: proposedId(),
    async send(method, path, { body, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(visitor.id === undefined ? {} : { [visitorHeader]: visitor.id }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const given = response.headers.get(visitorHeader);
      if (given !== null) visitor.id = given;
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        given,
        body: isJson ? JSON.parse(text) : { text },
      };
    },
  };
  return visitor;
}
