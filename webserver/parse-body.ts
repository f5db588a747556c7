// Checks a body, and names what is wrong with it.

import type * as z from 'zod';
import { ServiceError } from '../common/errors.ts';

/** Parses `body` by `schema`. Throws `invalid-request` with every field that is wrong or unknown. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [path.join('.') || 'body', message].join(': '));
  throw new ServiceError('invalid-request', problems.join('; '));
}
