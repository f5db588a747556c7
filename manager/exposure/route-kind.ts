// The two kinds of object that route a host name to a Service: what the template of each must contain, and where the fields are that
// the manager reads. Pure.
// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/
// https://gateway-api.sigs.k8s.io/reference/spec/#httproute

import * as z from 'zod';
import { terminalPortName } from '../../common/names.ts';

/** The port of a terminal's Service. */
export const servicePort = 80;

/** The fields of a route's spec that the manager uses. */
export type RouteFacts = {
  hosts: string[];
  /** Whether it has its own certificate. Undefined if another object configures that. */
  tls: boolean | undefined;
  /** The Services that it leads to, and whether it uses the port of a terminal's Service. */
  backends: { service: string; rightPort: boolean }[];
};

const strings = z.record(z.string(), z.string()).optional();
const describe = <const Kind extends string, const Version extends string, Spec extends z.ZodType>(given: {
  kind: Kind;
  apiVersion: Version;
  plural: string;
  spec: Spec;
  facts: (spec: z.output<Spec>) => RouteFacts;
}) => ({
  ...given,
  /** The object as a template may contain it. The manager sets its name and owner. */
  schema: z.strictObject({
    kind: z.literal(given.kind),
    apiVersion: z.literal(given.apiVersion),
    metadata: z.strictObject({ labels: strings, annotations: strings }).optional(),
    spec: given.spec,
  }),
});

const ingressPort = z.looseObject({ number: z.number().optional(), name: z.string().optional() });
const ingressPath = z.looseObject({
  pathType: z.string(),
  backend: z.looseObject({ service: z.looseObject({ name: z.string(), port: ingressPort }) }),
});
const ingress = describe({
  kind: 'Ingress',
  apiVersion: 'networking.k8s.io/v1',
  plural: 'ingresses',
  spec: z.looseObject({
    rules: z.array(z.looseObject({ host: z.string(), http: z.looseObject({ paths: z.array(ingressPath) }) })).min(1),
    tls: z.array(z.looseObject({ hosts: z.array(z.string()).optional() })).optional(),
  }),
  facts: ({ rules, tls = [] }) => ({
    hosts: rules.map(({ host }) => host),
    tls: tls.length > 0,
    backends: rules
      .flatMap(({ http }) => http.paths.map(({ backend }) => backend.service))
      .map(({ name, port }) => ({
        service: name,
        rightPort: port.number === servicePort || port.name === terminalPortName,
      })),
  }),
});

const httpRoute = describe({
  kind: 'HTTPRoute',
  apiVersion: 'gateway.networking.k8s.io/v1',
  plural: 'httproutes',
  spec: z.looseObject({
    parentRefs: z.array(z.looseObject({ name: z.string() })).min(1),
    hostnames: z.array(z.string()).min(1),
    rules: z.array(
      z.looseObject({ backendRefs: z.array(z.looseObject({ name: z.string(), port: z.number() })).optional() }),
    ),
  }),
  facts: ({ hostnames, rules }) => ({
    hosts: hostnames,
    tls: undefined,
    backends: rules
      .flatMap(({ backendRefs = [] }) => backendRefs)
      .map(({ name, port }) => ({ service: name, rightPort: port === servicePort })),
  }),
});

export const routeKinds = { Ingress: ingress, HTTPRoute: httpRoute };
export type RouteKind = keyof typeof routeKinds;

/** The facts of a spec of that kind. Undefined if it does not match the schema. */
export function readFacts(kind: RouteKind, spec: unknown): RouteFacts | undefined {
  // Each kind's `facts` accepts what its own `spec` schema has parsed.
  const { spec: schema, facts } = routeKinds[kind] as { spec: z.ZodType; facts: (spec: unknown) => RouteFacts };
  const { success, data } = schema.safeParse(spec);
  return success ? facts(data) : undefined;
}

/** The host of a route in a cluster. The route may have been edited. */
export function readHost(kind: RouteKind, spec: unknown): string | undefined {
  return readFacts(kind, spec)?.hosts[0];
}
