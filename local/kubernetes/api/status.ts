// Everything that the API refuses, worded as a real API server words it (k8s.io/apimachinery, api/errors and
// util/validation/field; measured on 1.20 and 1.36, and of these where they differ the newer).

import type { Resource } from './resources.ts';

export type Cause = { reason: string; message: string; field?: string };
export type Details = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
};

/** A `Status` of failure: thrown anywhere below the routes, written by the server. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string | undefined;
  readonly details: Details | undefined;

  constructor(code: number, reason: string | undefined, message: string, details?: Details) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get body(): object {
    const { code, reason, message, details } = this;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

/** `pods`, `statefulsets.apps`: how messages name a resource; `Pod`, `StatefulSet.apps`: how they name a kind. */
const dotted = (word: string, { group }: Resource): string => (group === '' ? word : `${word}.${group}`);
const about = ({ group }: Resource, kind: string, name?: string): Details => ({
  ...(name && { name }),
  ...(group && { group }),
  kind,
});

export const notFound = (resource: Resource, name: string) =>
  new ApiError(404, 'NotFound', `${dotted(resource.plural, resource)} "${name}" not found`, {
    ...about(resource, resource.plural, name),
  });

/** `what`: a path or a kind that a real API server may have. */
export const notOffered = (what: string) => {
  const why = `the stand-in cluster of npm start does not offer ${what}`;
  return new ApiError(404, 'NotFound', `the server could not find the requested resource: ${why}`, {});
};

export const methodNotAllowed = () =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const alreadyExists = (resource: Resource, name: string) =>
  new ApiError(409, 'AlreadyExists', `${dotted(resource.plural, resource)} "${name}" already exists`, {
    ...about(resource, resource.plural, name),
  });

export const conflict = (
  resource: Resource,
  name: string,
  why = 'the object has been modified; please apply your changes to the latest version and try again',
) =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${dotted(resource.plural, resource)} "${name}": ${why}`,
    about(resource, resource.plural, name),
  );

export const badRequest = (message: string) => new ApiError(400, 'BadRequest', message);

/** A JSON Patch that does not apply: a real server says no more than this. */
export const patchRefused = () =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

export const unsupportedPatch = (why = 'Unsupported Media Type') =>
  new ApiError(415, 'UnsupportedMediaType', `415: ${why}`, {});

export const unsupportedBody = () =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json',
  );

export const notAcceptable = () => new ApiError(406, 'NotAcceptable', '406: Not Acceptable', {});

export const malformedNumber = (text: string, prefix = '') =>
  badRequest(`${prefix}strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);

export const expired = (message: string) => new ApiError(410, 'Expired', message);

export const versionTooLarge = (asked: number, current: number) =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** One thing that is wrong with one field. */
export type Problem = { field: string; reason: 'FieldValueRequired' | 'FieldValueInvalid' | string; message: string };

export const required = (field: string, why = ''): Problem => ({
  field,
  reason: 'FieldValueRequired',
  message: `Required value${why && `: ${why}`}`,
});
export const invalid = (field: string, value: unknown, why: string): Problem => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`,
});
export const forbidden = (field: string, why: string): Problem => ({
  field,
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
});
export const unsupported = (field: string, value: unknown, supported: string[]): Problem => ({
  field,
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
});

/** 422 for an object of which at least one field is wrong. */
export function invalidObject(resource: Resource, name: string, problems: Problem[], kind = resource.kind): ApiError {
  const lines = problems.map(({ field, message }) => `${field}: ${message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  return new ApiError(422, 'Invalid', `${dotted(kind, resource)} "${name}" is invalid: ${text}`, {
    ...about(resource, kind, name),
    causes: problems.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}
