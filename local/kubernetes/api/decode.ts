// From the body of a request to an object of the kind that its path names: the checks that come before validation,
// each a 400 that says what could not be read.

import { isMap } from './json.ts';
import type { KubernetesObject } from './objects.ts';
import { groupVersion, type Resource } from './resources.ts';
import { badRequest } from './status.ts';

type Typed = Pick<Resource, 'kind' | 'group' | 'version'>;

/** Parses `text` as an object of `type`. Throws 400 when it is none. */
export function decode(type: Typed, text: string): KubernetesObject & { metadata: object } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unrecognized(type, `${error instanceof Error ? error.message : error}`);
  }
  if (!isMap(value)) throw unrecognized(type, 'json: cannot unmarshal array into Go value');
  return checkTypes(type, value, badRequest);
}

const unrecognized = ({ kind }: Typed, why: string) =>
  badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why}`,
  );

/** Checks the types of what is read here without asking; `refuse` makes the error. */
export function checkTypes<E extends Error>(
  type: Typed,
  value: Record<string, unknown>,
  refuse: (message: string) => E,
): KubernetesObject & { metadata: object } {
  const { kind = type.kind, apiVersion = groupVersion(type), metadata = {} } = value;
  const cannot = (why: string) =>
    refuse(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`);
  if (kind !== type.kind) {
    throw refuse(
      `${kind} in version "${type.version}" cannot be handled as a ${type.kind}: converting (${kind}) to (${type.kind}): unknown conversion`,
    );
  }
  if (apiVersion !== groupVersion(type)) {
    throw refuse(
      `the API version in the data (${apiVersion}) does not match the expected API version (${groupVersion(type)})`,
    );
  }
  if (!isMap(metadata)) throw cannot('ObjectMeta: expect { or n');
  for (const field of ['labels', 'annotations'] as const) {
    const map = metadata[field] ?? {};
    if (!isMap(map)) throw cannot(`ObjectMeta.${field}: expect { or n`);
    for (const text of Object.values(map)) {
      if (typeof text !== 'string')
        throw cannot(`ObjectMeta.${field}: ReadString: expects " or n, but found ${JSON.stringify(text)}`);
    }
  }
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion']) {
    const text = metadata[field] ?? '';
    if (typeof text !== 'string') throw cannot(`ObjectMeta.${field}: ReadString: expects " or n`);
  }
  for (const [path, check] of shapes[type.kind] ?? []) checkShape(value, path.split('.'), check, cannot);
  return { ...value, kind, apiVersion, metadata };
}

type Check = 'list' | 'map' | 'number' | 'string' | 'strings' | 'micro time' | 'string map' | 'base64 map';

const podShapes = (at: string): [string, Check][] => [
  [at, 'map'],
  [`${at}.containers`, 'list'],
  [`${at}.containers.*.command`, 'strings'],
  [`${at}.containers.*.args`, 'strings'],
  [`${at}.containers.*.env`, 'list'],
  [`${at}.containers.*.ports`, 'list'],
  [`${at}.containers.*.volumeMounts`, 'list'],
  [`${at}.volumes`, 'list'],
  [`${at}.terminationGracePeriodSeconds`, 'number'],
];
// The fields whose type this stand-in relies on; `*` is every element.
const shapes: Record<string, [string, Check][]> = {
  Pod: podShapes('spec'),
  StatefulSet: [
    ['spec', 'map'],
    ['spec.replicas', 'number'],
    ['spec.selector', 'map'],
    ['spec.template', 'map'],
    ['spec.template.metadata', 'map'],
    ...podShapes('spec.template.spec'),
  ],
  Scale: [
    ['spec', 'map'],
    ['spec.replicas', 'number'],
  ],
  Service: [
    ['spec', 'map'],
    ['spec.ports', 'list'],
    ['spec.selector', 'map'],
  ],
  Ingress: [
    ['spec', 'map'],
    ['spec.defaultBackend', 'map'],
    ['spec.tls', 'list'],
    ['spec.tls.*.hosts', 'strings'],
    ['spec.rules', 'list'],
    ['spec.rules.*.host', 'string'],
    ['spec.rules.*.http', 'map'],
    ['spec.rules.*.http.paths', 'list'],
    ['spec.rules.*.http.paths.*.path', 'string'],
    ['spec.rules.*.http.paths.*.backend', 'map'],
    ['spec.rules.*.http.paths.*.backend.service', 'map'],
    ['spec.rules.*.http.paths.*.backend.service.port', 'map'],
    ['spec.rules.*.http.paths.*.backend.service.port.number', 'number'],
  ],
  Lease: [
    ['spec', 'map'],
    ['spec.leaseDurationSeconds', 'number'],
    ['spec.acquireTime', 'micro time'],
    ['spec.renewTime', 'micro time'],
  ],
  ConfigMap: [['data', 'string map']],
  ResourceQuota: [
    ['spec', 'map'],
    ['spec.hard', 'map'],
  ],
  Secret: [['data', 'base64 map']],
  Event: [['eventTime', 'micro time']],
  TokenReview: [
    ['spec.token', 'string'],
    ['spec.audiences', 'strings'],
  ],
};

function checkShape(value: unknown, path: string[], check: Check, cannot: (why: string) => Error): void {
  if (value === undefined || value === null) return;
  const [key, ...rest] = path;
  if (key === '*') {
    for (const element of value as unknown[]) {
      if (!isMap(element)) throw cannot('expect { or n');
      checkShape(element, rest, check, cannot);
    }
  } else if (key !== undefined) {
    checkShape((value as Record<string, unknown>)[key], rest, check, cannot);
  } else if (!fits[check](value)) {
    throw cannot(`${JSON.stringify(value)} is not a ${check}`);
  }
}

const isText = (value: unknown) => typeof value === 'string';
const fits: Record<Check, (value: unknown) => boolean> = {
  list: Array.isArray,
  map: isMap,
  number: (value) => Number.isSafeInteger(value),
  string: isText,
  strings: (value) => Array.isArray(value) && value.every(isText),
  'micro time': (value) =>
    isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(String(value)),
  'string map': (value) => isMap(value) && Object.values(value).every(isText),
  'base64 map': (value) =>
    isMap(value) && Object.values(value).every((text) => isText(text) && /^[A-Za-z0-9+/]*={0,2}$/.test(String(text))),
};
