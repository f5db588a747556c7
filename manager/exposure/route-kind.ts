// The two kinds of object that lead a host name to a Service: what a template of each must have, and where in it the
// facts stand that we read. Pure.
// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/
// https://gateway-api.sigs.k8s.io/reference/spec/#httproute

import * as z from 'zod';
import { terminalPortName } from '../../common/names.ts';

/** The port of a terminal's Service. */
export const servicePort = 80;

/** What a route says, read off its spec. */
export type RouteFacts = {
  hosts: string[];
  /** Whether it has a certificate of its own; undefined where that is another object's affair. */
  tls: boolean | undefined;
  /** Where it leads to: Services, and whether by the port that a terminal's Service has. */
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
  /** The object as a template may write it: its name and owner are for the manager to set. */
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

/** The facts of a spec of that kind; undefined when it is not as a template must be. */
export function readFacts(kind: RouteKind, spec: unknown): RouteFacts | undefined {
  // Each kind's `facts` takes what its own `spec` has let through.
  const { spec: schema, facts } = routeKinds[kind] as { spec: z.ZodType; facts: (spec: unknown) => RouteFacts };
  const { success, data } = schema.safeParse(spec);
  return success ? facts(data) : undefined;
}

/** The host of a route as it is found in a cluster, where anybody may have changed it. */
export function readHost(kind: RouteKind, spec: unknown): string | undefined {
  return readFacts(kind, spec)?.hosts[0];
}
