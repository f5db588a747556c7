// What makes an Ingress wrong (422), in the words of a real API server: k8s.io/kubernetes pkg/apis/networking/validation.
// Backends other than Services are not known here, and refused as no backend at all.

import { isIP } from 'node:net';
import { isMap } from './json.ts';
import { names } from './names.ts';
import { invalid, type Problem, required, unsupported } from './status.ts';

type Fields = Record<string, unknown>;

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const classAnnotation = 'kubernetes.io/ingress.class';

export function ingressProblems({ metadata, spec: given }: Fields): Problem[] {
  const spec = isMap(given) ? given : {};
  const { rules = [], tls = [] } = spec as { rules?: Fields[]; tls?: Fields[] };
  const { ingressClassName, defaultBackend } = spec;
  const formerClass = ((metadata as Fields).annotations as Fields | undefined)?.[classAnnotation];
  const problems: Problem[] = [];
  if (rules.length === 0 && !isMap(defaultBackend)) {
    problems.push(invalid('spec', null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (ingressClassName !== undefined && formerClass !== undefined) {
    const why = 'can not be set when the class field is also set';
    problems.push(invalid(`annotations.${classAnnotation}`, formerClass, why));
  }
  return [
    ...problems,
    ...named('spec.ingressClassName', ingressClassName),
    ...(isMap(defaultBackend) ? backendProblems('spec.defaultBackend', defaultBackend) : []),
    ...rules.flatMap((rule, index) => ruleProblems(`spec.rules[${index}]`, rule)),
    ...tls.flatMap(({ hosts, secretName }, index) => [
      ...((hosts as string[] | undefined) ?? []).flatMap((host, at) =>
        hostProblems(`spec.tls[${index}].hosts[${at}]`, host),
      ),
      ...named(`spec.tls[${index}].secretName`, secretName),
    ]),
  ];
}

const named = (field: string, name: unknown): Problem[] =>
  name === undefined || name === '' || names.subdomain.pattern.test(String(name))
    ? []
    : [invalid(field, name, names.subdomain.why)];

function hostProblems(field: string, host: string): Problem[] {
  const { pattern, why } = host.includes('*') ? names.wildcard : names.subdomain;
  return pattern.test(host) ? [] : [invalid(field, host, why)];
}

function ruleProblems(field: string, { host, http }: Fields): Problem[] {
  const problems: Problem[] = [];
  if (typeof host === 'string' && host !== '') {
    if (isIP(host)) problems.push(invalid(`${field}.host`, host, 'must be a DNS name, not an IP address'));
    else problems.push(...hostProblems(`${field}.host`, host));
  }
  if (!isMap(http)) return problems;
  const paths = (http.paths as Fields[] | undefined) ?? [];
  if (paths.length === 0) return [...problems, required(`${field}.http.paths`)];
  return [...problems, ...paths.flatMap((path, index) => pathProblems(`${field}.http.paths[${index}]`, path))];
}

function pathProblems(field: string, { path = '', pathType, backend }: Fields): Problem[] {
  const problems: Problem[] = [];
  if (pathType === undefined) problems.push(required(`${field}.pathType`, 'pathType must be specified'));
  else if (!pathTypes.includes(String(pathType))) problems.push(unsupported(`${field}.pathType`, pathType, pathTypes));
  else if (pathType !== 'ImplementationSpecific' || path !== '') {
    if (!String(path).startsWith('/')) problems.push(invalid(`${field}.path`, path, 'must be an absolute path'));
    else if (pathType !== 'ImplementationSpecific' && /\/\/|\/\.\.?(\/|$)|%2f/i.test(String(path))) {
      problems.push(invalid(`${field}.path`, path, `must not contain '//'`));
    }
  }
  return [...problems, ...backendProblems(`${field}.backend`, isMap(backend) ? backend : {})];
}

function backendProblems(field: string, { service }: Fields): Problem[] {
  if (!isMap(service)) return [invalid(field, '', 'resource or service backend is required')];
  const { name } = service;
  const port = isMap(service.port) ? service.port : {};
  const problems: Problem[] = [];
  if (typeof name !== 'string' || name === '') problems.push(required(`${field}.service.name`));
  else if (!names.label.pattern.test(name)) {
    problems.push(invalid(`${field}.service.name`, name, names.label.why));
  }
  if (port.name && port.number) problems.push(invalid(field, '', 'cannot set both port name & port number'));
  else if (!port.name && !port.number) problems.push(required(field, 'port name or number is required'));
  else if (port.number && (Number(port.number) < 1 || Number(port.number) > 65_535)) {
    problems.push(invalid(`${field}.service.port.number`, port.number, 'must be between 1 and 65535, inclusive'));
  } else if (port.name && !/^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(String(port.name))) {
    const why = 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
    problems.push(invalid(`${field}.service.port.name`, port.name, why));
  }
  return problems;
}
