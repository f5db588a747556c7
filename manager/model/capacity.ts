// What the cluster has room for, as far as the manager can see: facts read from Kubernetes objects, and what follows from them.

/** So much of each resource, by Kubernetes' names for them (`cpu`, `memory`, `pods`, …): cores, bytes, numbers. */
export type Amounts = Readonly<Record<string, number>>;

/** What one pod of a template takes, and where it may run. */
export type PodNeeds = {
  requests: Amounts;
  limits: Amounts;
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly { key?: string; operator?: string; value?: string; effect?: string }[];
};

/** What a node has for pods; undefined: it does not say. */
export type NodeCapacity = {
  allocatable: Amounts | undefined;
  labels: Readonly<Record<string, string>>;
  /** Those that keep pods away. */
  taints: readonly { key: string; value?: string; effect: string }[];
};

/** A ResourceQuota of the namespace. */
export type Quota = {
  name: string;
  hard: Amounts;
  used: Amounts;
  /** It is for some of the pods only. */
  scoped: boolean;
};

/** What has to be asked for; the rest is watched. */
export type Capacity = {
  /** undefined: they may not be read. */
  quotas: readonly Quota[] | undefined;
  /** Pods of the namespace that are no terminals, and take room on nodes. */
  neighbours: readonly { node: string; requests: Amounts }[];
};

/** Whether the terminals of a prewarm window fit into the cluster. */
export type Fit = {
  /** The window's name. */
  window: string;
  /** The time of the window that it is about. Milliseconds since 1970. */
  from: number;
  /** `unknown`: nothing is against it, and something that could be cannot be seen. */
  fits: 'yes' | 'no' | 'unknown';
  /** How many terminals the pool's windows ask for at once in that time. */
  terminals: number;
  /** What is against it, or what is not known. */
  why: string[];
};

/** The pools' `max` add up to more than the number of node ports that they can have, and what limits these. */
export type PortShortage = { max: number; ports: number; limit: string };
