// The template of the terminals' routes: one Ingress or HTTPRoute with placeholders in its strings. Parses it and reports all errors,
// fills it in for one terminal, and compares it with the route in the cluster. Pure.

import { createHash } from 'node:crypto';
import { labels, routeTemplateAnnotation } from '../../common/names.ts';
import { type RouteKind, readFacts, routeKinds } from './route-kind.ts';

export type Protocol = 'http' | 'https';

export type RouteTemplate = {
  kind: RouteKind;
  /** The protocol of the hosts of these routes. */
  protocol: Protocol;
  /** The object with its placeholders. */
  object: TemplateObject;
  /** The hash of the template's text, by which the manager finds routes of an older template. */
  hash: string;
};

type TemplateObject = {
  kind: RouteKind;
  apiVersion: string;
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: object;
};

/** The terminal of a route. */
export type RouteTarget = { name: string; pool: string; ordinal: number };

export type RouteObject = TemplateObject & {
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
};

const placeholders = ['name', 'pool', 'ordinal', 'service'] as const;
type Placeholder = (typeof placeholders)[number];
const braces = /\{([a-z]*)\}/gi;
const hostName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+$/;

/**
 * The template in `text` (JSON), or a list of all errors. `protocol`: the protocol of its hosts. Undefined: https for an Ingress with
 * `tls`, http for one without.
 */
export function parseRouteTemplate(text: string, protocol?: Protocol): RouteTemplate | string[] {
  const given = parseJson(text);
  if (given === undefined) return ['is not JSON'];
  const kind = (given as { kind?: unknown } | null)?.kind;
  if (kind !== 'Ingress' && kind !== 'HTTPRoute') {
    return [`kind: must be Ingress or HTTPRoute, and is ${JSON.stringify(kind) ?? 'not there'}`];
  }
  const { success, error } = routeKinds[kind].schema.safeParse(given);
  const shape = success ? [] : error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  const object = given as TemplateObject;
  const { problems, tls } = judge(object);
  const found = [...shape, ...strangers(given), ...problems];
  if (protocol === undefined && tls === undefined && success) {
    found.push(
      'does not say whether its hosts have TLS, which is the affair of its Gateway: WARMTERM_ROUTE_PROTOCOL must',
    );
  }
  if (found.length > 0) return found;
  const hash = createHash('sha256').update(JSON.stringify(given)).digest('hex').slice(0, 16);
  return { kind, protocol: protocol ?? (tls ? 'https' : 'http'), object, hash };
}

/** The expected route of one terminal, without its owner. */
export function fillRoute({ object, hash }: RouteTemplate, target: RouteTarget): RouteObject {
  const filled = fill(object, valuesOf(target)) as TemplateObject;
  const { labels: marks, annotations } = filled.metadata ?? {};
  return {
    ...filled,
    metadata: {
      name: target.name,
      labels: { ...marks, [labels.pool]: target.pool },
      annotations: { ...annotations, [routeTemplateAnnotation]: hash },
    },
  };
}

/**
 * Whether `found` contains everything in `wanted`. It may contain more: an API server adds defaults, and other controllers add
 * annotations. Lists must have the same elements.
 */
export function says(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((each, index) => says(found[index], each))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) => says((found as Record<string, unknown>)[key], value));
}

/** Errors in the hosts and backends of a template. */
function judge({ kind, spec }: TemplateObject): { problems: string[]; tls?: boolean | undefined } {
  const facts = readFacts(kind, spec);
  if (!facts) return { problems: [] };
  const { hosts, tls, backends } = facts;
  const problems = hosts.flatMap((host) => {
    const has = (name: Placeholder) => host.includes(`{${name}}`);
    const own = has('name') || has('service') || (has('pool') && has('ordinal'));
    const example = fill(host, valuesOf({ name: 'pool-0', pool: 'pool', ordinal: 0 })) as string;
    return [
      ...(own
        ? []
        : [`host ${host}: must have {name}, or {pool} and {ordinal}: each terminal needs a host of its own`]),
      ...(hostName.test(example) ? [] : [`host ${host}: is no host name, such as {name}.example-terminals.net`]),
    ];
  });
  const ours = backends.filter(({ service }) => service === '{service}');
  if (ours.length === 0) problems.push('backend: none leads to the Service {service}');
  if (ours.some(({ rightPort }) => !rightPort)) problems.push('backend: the port of the Service {service} is 80');
  return { problems, tls };
}

/** Unknown placeholders, with their paths. */
function strangers(value: unknown, at = ''): string[] {
  if (typeof value === 'string') {
    return [...value.matchAll(braces)]
      .filter(([, name]) => !placeholders.includes(name as Placeholder))
      .map(([all]) => `${at}: ${all} is no placeholder: there are {${placeholders.join('}, {')}}`);
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => strangers(each, at === '' ? key : `${at}.${key}`));
}

const valuesOf = ({ name, pool, ordinal }: RouteTarget): Record<Placeholder, string> => ({
  name,
  pool,
  ordinal: String(ordinal),
  // A Service has the name of its pod.
  service: name,
});

function fill(value: unknown, values: Record<Placeholder, string>): unknown {
  if (typeof value === 'string') return value.replace(braces, (all, name: Placeholder) => values[name] ?? all);
  if (Array.isArray(value)) return value.map((each) => fill(each, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, values)]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
