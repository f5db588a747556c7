// The environment and command line of a container, from the pod's specification and nothing else: never from the
// environment of this process. https://kubernetes.io/docs/tasks/inject-data-application/

import type { Container, EnvironmentVariable, Pod } from '../api/objects.ts';

/** Something in the specification that this node cannot do: the container waits with this message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type ReadSecret = (namespace: string, name: string) => Record<string, string> | undefined;

/** Values by name: `defaults`, then what the container sets, `$(NAME)` expanded with what came before. */
export function environmentOf(
  pod: Pod,
  container: Container,
  podIP: string,
  readSecret: ReadSecret,
  defaults: Record<string, string>,
): Record<string, string> {
  if (container.envFrom?.length) throw new ConfigError('envFrom is not supported by this node');
  const environment = { ...defaults };
  for (const variable of container.env ?? []) {
    const value = readValue(pod, variable, podIP, readSecret, environment);
    if (value !== undefined) environment[variable.name] = value;
  }
  return environment;
}

function readValue(
  pod: Pod,
  { name, value, valueFrom }: EnvironmentVariable,
  podIP: string,
  readSecret: ReadSecret,
  environment: Record<string, string>,
): string | undefined {
  if (!valueFrom) return expand(value ?? '', environment);
  const { fieldRef, secretKeyRef } = valueFrom;
  if (fieldRef) return fieldOf(pod, podIP, fieldRef.fieldPath);
  if (!secretKeyRef) throw new ConfigError(`the source of ${name} is not supported by this node`);
  const secret = readSecret(pod.metadata.namespace ?? '', secretKeyRef.name);
  const found = secret?.[secretKeyRef.key];
  if (found !== undefined) return Buffer.from(found, 'base64').toString();
  if (secretKeyRef.optional) return undefined;
  throw new ConfigError(
    secret
      ? `couldn't find key ${secretKeyRef.key} in Secret ${secretKeyRef.name}`
      : `secret "${secretKeyRef.name}" not found`,
  );
}

function fieldOf({ metadata, spec }: Pod, podIP: string, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.hostIP': '127.0.0.1',
    'status.podIP': podIP,
    'status.podIPs': podIP,
  };
  if (!(path in fields)) throw new ConfigError(`the field ${path} is not supported by this node`);
  return fields[path] ?? '';
}

/** `$(NAME)` becomes the value of NAME where there is one, and stays where there is none; `$$` is a dollar sign. */
export const expand = (text: string, environment: Record<string, string>): string =>
  text.replace(/\$\$|\$\(([^()]+)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : Object.hasOwn(environment, name) ? environment[name]! : match,
  );

/** Program and arguments. Throws ConfigError when there is no command: a node without images knows no other. */
export function commandOf({ command = [], args = [] }: Container, environment: Record<string, string>): string[] {
  const words = [...command, ...args].map((word) => expand(word, environment));
  if (command.length === 0) throw new ConfigError('no command specified: this node runs commands, not images');
  return words;
}
