// One error class with a closed set of codes, so that every service reports the same failure alike.
// It knows neither HTTP nor sockets, except for the table of HTTP statuses.

/** Every way in which a request can fail, with its HTTP status and whether a retry can succeed. */
const codes = {
  'invalid-config': { status: 500, retryable: false },
  'invalid-request': { status: 400, retryable: false },
  'not-found': { status: 404, retryable: false },
  'session-not-found': { status: 404, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  /** The request has neither a valid visitor id nor a proposal of one. */
  'unknown-visitor': { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  'invalid-ticket': { status: 403, retryable: false },
  /** A link to a terminal that has expired or was revoked, or whose terminal has ended. */
  'link-ended': { status: 410, retryable: false },
  conflict: { status: 409, retryable: true },
  /** The Host header names another server. */
  'unknown-host': { status: 421, retryable: false },
  /** The request should ask for another protocol and does not: a proxy has removed the header. */
  'upgrade-required': { status: 426, retryable: false },
  'too-large': { status: 413, retryable: false },
  /** The address is busy. Solve the challenge, or retry when the address is less busy. */
  'challenge-required': { status: 429, retryable: true },
  /** A limit of fair use was reached, or the queue is full. */
  'too-many-requests': { status: 429, retryable: true },
  /** The pool admits no new visitors. */
  'pool-closed': { status: 410, retryable: false },
  unavailable: { status: 503, retryable: true },
  timeout: { status: 504, retryable: true },
  internal: { status: 500, retryable: false },
} as const;

export type ErrorCode = keyof typeof codes;

export const errorCodes = Object.keys(codes) as [ErrorCode, ...ErrorCode[]];

export const isErrorCode = (value: unknown): value is ErrorCode => typeof value === 'string' && value in codes;

/**
 * The limit of fair use that was reached, and its value: terminals of a visitor or of an address, claims of an address within a minute,
 * or visitors in the queue, in all or of one address. Lets a client put the refusal in its own words.
 */
export type ReachedLimit = { of: (typeof limitsOf)[number]; most: number };

export const limitsOf = ['visitor', 'address', 'minute', 'line', 'address-line'] as const;

/** A failure with a `code` for programs and a `message` for people. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  /** Seconds after which a retry can succeed, if known. */
  readonly retryAfter: number | undefined;
  /** For `challenge-required`: the challenge to solve. */
  readonly challenge: Record<string, unknown> | undefined;
  /** For `too-many-requests`: the limit. */
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

/** `error` as a ServiceError: unchanged, `timeout` for a passed deadline, else `internal`. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new ServiceError('timeout', 'The request took too long.', { cause: error });
  }
  return new ServiceError('internal', 'Internal error. The log of this service has the cause.', { cause: error });
}

/** Whether an operation was aborted, which is no failure. */
export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
