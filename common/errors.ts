// One error class with a closed set of codes, so that every service answers the same trouble in the same words.
// Knows neither HTTP nor sockets, except for the one table that maps a code to a status.

/** Every way in which a request can fail, with its HTTP status and whether trying again later can help. */
const codes = {
  'invalid-config': { status: 500, retryable: false },
  'invalid-request': { status: 400, retryable: false },
  'not-found': { status: 404, retryable: false },
  'session-not-found': { status: 404, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  /** The request has no valid id of a visitor, nor a proposal of one. */
  'unknown-visitor': { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  'invalid-ticket': { status: 403, retryable: false },
  conflict: { status: 409, retryable: true },
  /** The Host header names another server. */
  'unknown-host': { status: 421, retryable: false },
  /** The request needs another protocol, and does not ask for it: a proxy has dropped the header. */
  'upgrade-required': { status: 426, retryable: false },
  'too-large': { status: 413, retryable: false },
  /** The address is busy, and the visitor is to do some work first; or to come back when it is busy no more. */
  'challenge-required': { status: 429, retryable: true },
  /** Of one visitor or address, where others have to be left something; or more than may wait. */
  'too-many-requests': { status: 429, retryable: true },
  /** A pool that takes nobody in any more. */
  'pool-closed': { status: 410, retryable: false },
  unavailable: { status: 503, retryable: true },
  timeout: { status: 504, retryable: true },
  internal: { status: 500, retryable: false },
} as const;

export type ErrorCode = keyof typeof codes;

export const errorCodes = Object.keys(codes) as [ErrorCode, ...ErrorCode[]];

export const isErrorCode = (value: unknown): value is ErrorCode => typeof value === 'string' && value in codes;

/**
 * Which limit of fair use was reached: of a visitor's or an address's terminals, of what an address may ask for within a
 * minute, or of who may wait, in all or from one address; and how many that is. For programs that say it in words of their own.
 */
export type ReachedLimit = { of: (typeof limitsOf)[number]; most: number };

export const limitsOf = ['visitor', 'address', 'minute', 'line', 'address-line'] as const;

/** A failure that its reader can understand: `code` for programs, `message` for people. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  /** Seconds after which it makes sense to try again, when that is known. */
  readonly retryAfter: number | undefined;
  /** Of `challenge-required`: what is to be solved. */
  readonly challenge: Record<string, unknown> | undefined;
  /** Of `too-many-requests`. */
  readonly limit: ReachedLimit | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      retryAfter?: number | undefined;
      challenge?: Record<string, unknown>;
      limit?: ReachedLimit | undefined;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.challenge = options.challenge;
    this.limit = options.limit;
  }

  get status(): number {
    return codes[this.code].status;
  }

  get retryable(): boolean {
    return codes[this.code].retryable;
  }
}

/** What went wrong, as a ServiceError: itself, a deadline that passed, or `internal`. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new ServiceError('timeout', 'The request took too long.', { cause: error });
  }
  return new ServiceError('internal', 'Something went wrong on our side.', { cause: error });
}

/** An aborted operation is not a failure: somebody asked for it to end. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
