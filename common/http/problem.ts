// Errors on the wire: application/problem+json (RFC 9457) with our `code`, written and read here only.

import * as z from 'zod';
import { errorCodes, isErrorCode, limitsOf, ServiceError } from '../errors.ts';

export const problemType = 'application/problem+json';

/** The body of every answer that is not a success. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(errorCodes),
  detail: z.string(),
  /** Whether the same request can succeed later. */
  retryable: z.boolean(),
  /** Seconds; present when it is known how long. */
  retryAfter: z.number().optional(),
  /** Of `challenge-required`: what is to be solved before the same request can succeed. */
  challenge: z.record(z.string(), z.unknown()).optional(),
  /** Of `too-many-requests`: what there are too many of, and how many there may be. */
  limit: z.object({ of: z.enum(limitsOf), most: z.number().int() }).optional(),
});

export type Problem = z.infer<typeof problemSchema>;

export const toProblem = (error: ServiceError): Problem => ({
  type: 'about:blank',
  title: error.code.replaceAll('-', ' '),
  status: error.status,
  code: error.code,
  detail: error.message,
  retryable: error.retryable,
  ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
  ...(error.challenge === undefined ? {} : { challenge: error.challenge }),
  ...(error.limit === undefined ? {} : { limit: error.limit }),
});

/** The error that an answer with `status` and `body` tells of; a body that is no problem of ours is `unavailable`. */
export function fromProblem(status: number, body: unknown): ServiceError {
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  const problem = isErrorCode(code) ? problemSchema.safeParse(body) : undefined;
  if (!problem?.success) return new ServiceError('unavailable', `The answer was ${status}, and not one of ours.`);
  const { detail, retryAfter, limit } = problem.data;
  return new ServiceError(problem.data.code, detail, { retryAfter, limit });
}
