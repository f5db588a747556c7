// The environment of a container, from the pod's specification and never from this process's own.

import type { Pod } from '../api/objects.ts';
import type { Container } from '../api/schemas.ts';
import { hostIP } from './pod-status.ts';

/** The container cannot be started as it is described. It waits with this message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Values by name: `defaults`, then what the container sets. */
export function environmentOf(
  pod: Pod,
  container: Container,
  podIP: string,
  defaults: Record<string, string>,
): Record<string, string> {
  const values = (container.env ?? []).map(({ name, value = '', valueFrom }) => [
    name,
    valueFrom ? fieldOf(pod, podIP, valueFrom.fieldRef.fieldPath) : value,
  ]);
  return { ...defaults, ...Object.fromEntries(values) };
}

function fieldOf({ metadata, spec }: Pod, podIP: string, path: string): string {
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'status.hostIP': hostIP,
    'status.podIP': podIP,
  };
  if (!(path in fields)) throw new ConfigError(`the field ${path} is not supported by this node`);
  return fields[path] ?? '';
}

/** Throws ConfigError when the container has no command, because this node has no images. */
export function commandOf({ command = [], args = [] }: Container): string[] {
  if (command.length === 0) throw new ConfigError('no command specified: this node runs commands, not images');
  return [...command, ...args];
}
