// Errors on the wire: application/problem+json (RFC 9457) with our `code`. Written and parsed only here.

import * as z from 'zod';
import { errorCodes, isErrorCode, limitsOf, ServiceError } from '../errors.ts';

export const problemType = 'application/problem+json';

/** The body of every answer that is an error. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(errorCodes),
  detail: z.string(),
  /** Whether the same request can succeed later. */
  retryable: z.boolean(),
  /** Seconds after which a retry can succeed, if known. */
  retryAfter: z.number().optional(),
  /** For `challenge-required`: the challenge to solve first. */
  challenge: z.record(z.string(), z.unknown()).optional(),
  /** For `too-many-requests`: the limit and its value. */
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

/** The error in an answer with `status` and `body`; `unavailable` if the body is not a problem document of ours. */
export function fromProblem(status: number, body: unknown): ServiceError {
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  const problem = isErrorCode(code) ? problemSchema.safeParse(body) : undefined;
  if (!problem?.success)
    return new ServiceError(
      'unavailable',
      `The server answered ${status} with a body that is not warmterm's: a proxy may have answered in its place.`,
    );
  const { detail, retryAfter, limit } = problem.data;
  return new ServiceError(problem.data.code, detail, { retryAfter, limit });
}
