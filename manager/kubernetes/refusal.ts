// The API server's reason for rejecting a write, for an administrator. A missing answer or an overloaded server is not a rejection.

import { ServiceError } from '../../common/errors.ts';
import { printable } from '../../common/printable.ts';
import { ApiError } from './api-error.ts';

const longest = 300;

export type Refusal = {
  message: string;
  /** Another object has the name. */
  nameTaken: boolean;
};

/** Undefined for an error that is no rejection. */
export function readRefusal(error: unknown): Refusal | undefined {
  if (error instanceof ApiError) return { message: printable(error.message, longest), nameTaken: false };
  if (!(error instanceof ServiceError)) return undefined;
  const { code, message, cause } = error;
  if (code === 'conflict') return { message: printable(message, longest), nameTaken: true };
  // The API server reports an exhausted range of node ports as an internal error.
  const isInternal = cause instanceof ApiError && cause.status === 500;
  return isInternal ? { message: printable(cause.message, longest), nameTaken: false } : undefined;
}
