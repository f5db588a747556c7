// What the API refuses: codes and reasons of a real API server, in words of its own.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#response-status

import type { Resource } from './resources.ts';

export type Cause = { field: string; message: string };

/** A `Status` of failure. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: object;

  constructor(code: number, reason: string, message: string, details: object = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get body(): object {
    const { code, reason, message, details } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
  }
}

const about = ({ group, plural }: Resource, name: string) => ({ name, ...(group && { group }), kind: plural });
const named = ({ group, plural }: Resource, name: string) => `${plural}${group && `.${group}`} "${name}"`;

export const badRequest = (message: string) => new ApiError(400, 'BadRequest', message);

export const notFound = (resource: Resource, name: string) =>
  new ApiError(404, 'NotFound', `${named(resource, name)} not found`, about(resource, name));

export const notOffered = (path: string) => {
  const why = `the stand-in cluster of npm start does not offer ${path}`;
  return new ApiError(404, 'NotFound', `the server could not find the requested resource: ${why}`);
};

export const methodNotAllowed = () =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');

export const alreadyExists = (resource: Resource, name: string) =>
  new ApiError(409, 'AlreadyExists', `${named(resource, name)} already exists`, about(resource, name));

export const conflict = (resource: Resource, name: string, why: string) =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${named(resource, name)}: ${why}`,
    about(resource, name),
  );

export const forbidden = (resource: Resource, name: string, why: string) =>
  new ApiError(403, 'Forbidden', `${named(resource, name)} is forbidden: ${why}`, about(resource, name));

/** A body or a patch of a type that is not known. */
export const unsupported = (why: string) => new ApiError(415, 'UnsupportedMediaType', why);

/** A JSON Patch that cannot be applied. kubectl and clients know it by its empty details. */
export const patchRefused = () =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request');

export const invalid = (kind: string, name: string, causes: Cause[]) => {
  const lines = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
  const details = { name, kind, causes: causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause })) };
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${lines}`, details);
};
