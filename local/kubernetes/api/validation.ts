// What makes an object wrong (422), in the words of a real API server. Not all that it knows: the fields that this
// stand-in acts on. What it cannot act on rightly, it refuses here rather than accept it and do something else.

import { isDeepStrictEqual } from 'node:util';
import { ingressProblems } from './ingress.ts';
import { isMap } from './json.ts';
import { names } from './names.ts';
import type { LabelSelector, Labels } from './objects.ts';
import { parseCount, quotaNames } from './quota.ts';
import type { Resource } from './resources.ts';
import { labelSelector } from './selectors.ts';
import { forbidden, invalid, type Problem, required, unsupported } from './status.ts';

type Fields = Record<string, unknown>;

const labelKey = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const valueWhy =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const keyWhy =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** Everything that is wrong with `object`, as it would be stored. */
export function problemsOf(resource: Resource, object: Fields): Problem[] {
  const metadata = object.metadata as Fields;
  return [...metadataProblems(resource, metadata), ...(rules[resource.kind]?.(object) ?? [])];
}

const configKey = /^[-._a-zA-Z0-9]{1,253}$/;
const configKeyWhy =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** What may not change from `old` to `next`. */
export function changeProblems(resource: Resource, next: Fields, old: Fields): Problem[] {
  const [from, to] = [old.metadata as Fields, next.metadata as Fields];
  const fixed = ['uid', 'deletionTimestamp', 'creationTimestamp'].flatMap((field) =>
    to[field] !== undefined && to[field] !== null && to[field] !== from[field]
      ? [invalid(`metadata.${field}`, to[field], 'field is immutable')]
      : [],
  );
  return [...fixed, ...(changeRules[resource.kind]?.(next, old) ?? [])];
}

function metadataProblems(resource: Resource, metadata: Fields): Problem[] {
  const { name } = metadata;
  if (typeof name !== 'string' || name === '') {
    return [required('metadata.name', 'name or generateName is required')];
  }
  const rule = { Service: names.label1035, Namespace: names.label }[resource.kind] ?? names.subdomain;
  return [
    ...(rule.pattern.test(name) ? [] : [invalid('metadata.name', name, rule.why)]),
    ...labelProblems('metadata.labels', metadata.labels),
    ...Object.keys((metadata.annotations as object | undefined) ?? {})
      .filter((key) => !labelKey.test(key.toLowerCase()))
      .map((key) => invalid('metadata.annotations', key, keyWhy)),
  ];
}

const labelProblems = (field: string, labels: unknown): Problem[] =>
  Object.entries((labels as Labels | undefined) ?? {}).flatMap(([key, value]) => [
    ...(labelKey.test(key) ? [] : [invalid(field, key, keyWhy)]),
    ...(labelValue.test(value) ? [] : [invalid(field, value, valueWhy)]),
  ]);

const rules: Record<string, (object: Fields) => Problem[]> = {
  Pod: (pod) => podSpecProblems('spec', pod.spec),
  StatefulSet: ({ spec }) => (isMap(spec) ? statefulSetProblems(spec) : [required('spec.selector')]),
  Service: ({ spec }) => (isMap(spec) ? serviceProblems(spec) : [required('spec.ports')]),
  Ingress: ingressProblems,
  Node: ({ spec }) => {
    const tainted = isMap(spec) && Array.isArray(spec.taints) && spec.taints.length > 0;
    return tainted ? [forbidden('spec.taints', 'the stand-in cluster knows no taints; use kubectl cordon')] : [];
  },
  Lease: ({ spec }) => {
    const seconds = isMap(spec) ? spec.leaseDurationSeconds : undefined;
    const wrong = typeof seconds === 'number' && seconds <= 0;
    return wrong ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')] : [];
  },
  ConfigMap: ({ data }) =>
    Object.keys((data as object | undefined) ?? {})
      .filter((key) => !configKey.test(key))
      .map((key) => invalid(`data[${key}]`, key, configKeyWhy)),
  ResourceQuota: ({ spec }) => {
    const hard = isMap(spec) && isMap(spec.hard) ? spec.hard : {};
    return Object.entries(hard).flatMap(([key, value]) => {
      if (!quotaNames.includes(key)) return [unsupported(`spec.hard[${key}]`, key, quotaNames)];
      return parseCount(value) === undefined ? [invalid(`spec.hard[${key}]`, value, 'must be an integer')] : [];
    });
  },
  Event: ({ involvedObject, metadata }) => {
    const namespace = (isMap(involvedObject) && involvedObject.namespace) || '';
    const wrong = namespace !== (metadata as Fields).namespace;
    return wrong ? [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')] : [];
  },
};

function podSpecProblems(field: string, spec: unknown): Problem[] {
  const containers = isMap(spec) ? spec.containers : undefined;
  if (!isMap(spec) || !Array.isArray(containers) || containers.length === 0) return [required(`${field}.containers`)];
  const seen = new Set<unknown>();
  const volumes = new Set(Array.isArray(spec.volumes) ? spec.volumes.map((volume: Fields) => volume.name) : []);
  const policies = ['Always', 'OnFailure', 'Never'];
  return [
    ...containers.flatMap((container: Fields, index) => {
      const at = `${field}.containers[${index}]`;
      const problems: Problem[] = [];
      const { name, image, volumeMounts } = container;
      if (typeof name !== 'string' || name === '') problems.push(required(`${at}.name`));
      else if (!names.label.pattern.test(name)) problems.push(invalid(`${at}.name`, name, names.label.why));
      else if (seen.has(name)) {
        problems.push({ field: `${at}.name`, reason: 'FieldValueDuplicate', message: `Duplicate value: "${name}"` });
      }
      seen.add(name);
      if (typeof image !== 'string' || image === '') problems.push(required(`${at}.image`));
      for (const [i, mount] of (Array.isArray(volumeMounts) ? (volumeMounts as Fields[]) : []).entries()) {
        if (volumes.has(mount.name)) continue;
        const where = `${at}.volumeMounts[${i}].name`;
        problems.push({ field: where, reason: 'FieldValueNotFound', message: `Not found: "${mount.name}"` });
      }
      return problems;
    }),
    ...(policies.includes(String(spec.restartPolicy))
      ? []
      : [unsupported(`${field}.restartPolicy`, spec.restartPolicy, policies)]),
  ];
}

function statefulSetProblems(spec: Fields): Problem[] {
  const { replicas, selector, template, podManagementPolicy, updateStrategy } = spec;
  const problems: Problem[] = [];
  // A real server knows these too; here only the ways that pools are run in are known, and nothing is pretended.
  if (podManagementPolicy !== 'Parallel') {
    problems.push(unsupported('spec.podManagementPolicy', podManagementPolicy, ['Parallel']));
  }
  const strategy = isMap(updateStrategy) ? updateStrategy.type : undefined;
  if (strategy !== 'OnDelete') problems.push(unsupported('spec.updateStrategy', strategy, ['OnDelete']));
  if (Array.isArray(spec.volumeClaimTemplates) && spec.volumeClaimTemplates.length > 0) {
    problems.push(forbidden('spec.volumeClaimTemplates', 'there are no persistent volumes in this cluster'));
  }
  if (typeof replicas !== 'number' || replicas < 0) {
    problems.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  const { metadata, spec: podSpec } = isMap(template) ? template : ({} as Fields);
  const labels = (isMap(metadata) ? metadata.labels : undefined) as Labels | undefined;
  if (!isMap(selector)) problems.push(required('spec.selector'));
  else if (
    Object.keys({ ...(selector.matchLabels as object), ...(selector.matchExpressions as object) }).length === 0
  ) {
    problems.push(invalid('spec.selector', selector, 'empty selector is invalid for statefulset'));
  }
  if (!isMap(selector) || !labelSelector(selector as LabelSelector)(labels ?? {})) {
    const written = labels
      ? `{${Object.entries(labels).map((pair) => pair.map((text) => `"${text}"`).join(':'))}}`
      : '(nil)';
    problems.push({
      field: 'spec.template.metadata.labels',
      reason: 'FieldValueInvalid',
      message: `Invalid value: map[string]string${written}: \`selector\` does not match template \`labels\``,
    });
  }
  problems.push(...labelProblems('spec.template.labels', labels), ...podSpecProblems('spec.template.spec', podSpec));
  const policy = isMap(podSpec) ? podSpec.restartPolicy : undefined;
  if (policy !== undefined && policy !== 'Always') {
    problems.push(unsupported('spec.template.spec.restartPolicy', policy, ['Always']));
  }
  return problems;
}

function serviceProblems(spec: Fields): Problem[] {
  const { type, ports } = spec;
  const types = ['ClusterIP', 'NodePort'];
  const problems = types.includes(String(type)) ? [] : [unsupported('spec.type', type, types)];
  if (!Array.isArray(ports) || ports.length === 0) {
    return spec.clusterIP === 'None' ? problems : [...problems, required('spec.ports')];
  }
  for (const [index, port] of (ports as Fields[]).entries()) {
    const at = `spec.ports[${index}]`;
    const valid = Number.isInteger(port.port) && Number(port.port) > 0 && Number(port.port) < 65_536;
    if (!valid) problems.push(invalid(`${at}.port`, port.port, 'must be between 1 and 65535, inclusive'));
    if (ports.length > 1 && !port.name) problems.push(required(`${at}.name`));
    if (port.protocol !== 'TCP') problems.push(unsupported(`${at}.protocol`, port.protocol, ['TCP']));
    const nodePort = port.nodePort as number | undefined;
    if (nodePort !== undefined && nodePort !== 0 && (nodePort < 30_000 || nodePort > 32_767)) {
      const why = 'provided port is not in the valid range. The range of valid ports is 30000-32767';
      problems.push(invalid(`${at}.nodePort`, nodePort, why));
    }
  }
  return problems;
}

const changeRules: Record<string, (next: Fields, old: Fields) => Problem[]> = {
  Pod: (next, old) => {
    const [to, from] = [next.spec as Fields, old.spec as Fields];
    const [now, before] = [to.containers, from.containers] as [Fields[] | undefined, Fields[]];
    if (now?.length !== before.length) {
      return [forbidden('spec.containers', 'pod updates may not add or remove containers')];
    }
    const images = now.map((container, index) => ({ ...container, image: before[index]!.image }));
    const { activeDeadlineSeconds, tolerations } = from;
    const fixed = { ...to, containers: images, activeDeadlineSeconds, tolerations };
    if (isDeepStrictEqual(plain(fixed), plain(from))) return [];
    const why =
      'pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)';
    return [forbidden('spec', why)];
  },
  StatefulSet: (next, old) => {
    const { replicas, template, updateStrategy } = old.spec as Fields;
    const fixed = { ...(next.spec as Fields), replicas, template, updateStrategy };
    if (isDeepStrictEqual(plain(fixed), plain(old.spec))) return [];
    const why =
      "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden";
    return [forbidden('spec', why)];
  },
  Service: (next, old) => {
    const [to, from] = [(next.spec as Fields).clusterIP, (old.spec as Fields).clusterIP];
    return from === to ? [] : [invalid('spec.clusterIP', to, 'field is immutable')];
  },
};

// Without keys that are undefined, which JSON does not know.
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
