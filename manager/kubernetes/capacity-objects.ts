// Reads the capacity from Kubernetes objects: quantities, a template's requests, a node's capacity, a quota. Pure.

import type { Amounts, NodeCapacity, PodNeeds, Quota } from '../model/capacity.ts';

export type RawAmounts = Record<string, string | number>;
export type RawPodSpec = {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string }[];
  containers?: { resources?: { requests?: RawAmounts; limits?: RawAmounts } }[];
};
export type RawQuota = {
  metadata: { name: string };
  spec?: { hard?: RawAmounts; scopes?: string[]; scopeSelector?: unknown };
  status?: { hard?: RawAmounts; used?: RawAmounts };
};
export type RawNodeCapacity = {
  metadata: { labels?: Record<string, string> };
  spec?: { taints?: { key: string; value?: string; effect: string }[] };
  status?: { allocatable?: RawAmounts };
};

const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const units = new Map([
  ...binary.map((unit, power): [string, number] => [unit, 1_024 ** power]),
  ...decimal.map((unit, index): [string, number] => [unit, 10 ** (3 * (index - 3))]),
]);

/**
 * A number such as `100m`, `1.5`, `64Mi` or `2e3`; undefined for anything else.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string | number): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(text));
  const unit = match && units.get(match[2] ?? '');
  return unit ? Number(match[1]) * unit : undefined;
}

export const readAmounts = (raw: RawAmounts = {}): Amounts =>
  Object.fromEntries(
    Object.entries(raw).flatMap(([name, text]) => {
      const amount = parseQuantity(text);
      return amount === undefined ? [] : [[name, amount]];
    }),
  );

export function readNeeds({ containers = [], nodeSelector = {}, tolerations = [] }: RawPodSpec): PodNeeds {
  const limits = containers.map(({ resources }) => readAmounts(resources?.limits));
  // A container with a limit and no request requests its limit.
  const requests = containers.map(({ resources }, index) => ({
    ...limits[index],
    ...readAmounts(resources?.requests),
  }));
  return { requests: sum(requests), limits: sum(limits), nodeSelector, tolerations };
}

export const readNodeCapacity = ({ metadata, spec, status }: RawNodeCapacity): NodeCapacity => ({
  allocatable: status?.allocatable && readAmounts(status.allocatable),
  labels: metadata.labels ?? {},
  taints: (spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
});

export const readQuota = ({ metadata, spec, status }: RawQuota): Quota => ({
  name: metadata.name,
  // A quota that its controller has not processed yet has no effect yet, but will have.
  hard: readAmounts(spec?.hard),
  used: readAmounts(status?.used),
  scoped: (spec?.scopes?.length ?? 0) > 0 || spec?.scopeSelector !== undefined,
});

function sum(all: readonly Amounts[]): Amounts {
  const total: Record<string, number> = {};
  for (const amounts of all)
    for (const [name, amount] of Object.entries(amounts)) total[name] = (total[name] ?? 0) + amount;
  return total;
}
