// A checked body, or an error that names what is wrong with it.

import type * as z from 'zod';
import { ServiceError } from '../common/errors.ts';

/** `body` as `schema` has it. Throws `invalid-request` naming every field that is wrong or unknown. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [path.join('.') || 'body', message].join(': '));
  throw new ServiceError('invalid-request', problems.join('; '));
}
