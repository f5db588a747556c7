// What the API server says against a write, for an administrator: not that it did not answer, or is too busy to.

import { ServiceError } from '../../common/errors.ts';
import { printable } from '../../common/printable.ts';
import { ApiError } from './api-error.ts';

const longest = 300;

export type Refusal = {
  message: string;
  /** Another object has the name. */
  nameTaken: boolean;
};

/** undefined for an error that is no refusal. */
export function readRefusal(error: unknown): Refusal | undefined {
  if (error instanceof ApiError) return { message: printable(error.message, longest), nameTaken: false };
  if (!(error instanceof ServiceError)) return undefined;
  const { code, message, cause } = error;
  if (code === 'conflict') return { message: printable(message, longest), nameTaken: true };
  // An exhausted range of node ports is an internal error to the API server.
  const isInternal = cause instanceof ApiError && cause.status === 500;
  return isInternal ? { message: printable(cause.message, longest), nameTaken: false } : undefined;
}
