// The capacity of the cluster as read from Kubernetes objects, and whether windows and pools fit into it.

/** Amounts by Kubernetes resource name (`cpu`, `memory`, `pods`, …), in cores, bytes or numbers. */
export type Amounts = Readonly<Record<string, number>>;

/** What one pod of a template requests, and where it may run. */
export type PodNeeds = {
  requests: Amounts;
  limits: Amounts;
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly { key?: string; operator?: string; value?: string; effect?: string }[];
};

/** What a node offers to pods. `allocatable` is undefined if the node does not report it. */
export type NodeCapacity = {
  allocatable: Amounts | undefined;
  labels: Readonly<Record<string, string>>;
  /** Taints with an effect that keeps pods off the node. */
  taints: readonly { key: string; value?: string; effect: string }[];
};

/** A ResourceQuota of the namespace. */
export type Quota = {
  name: string;
  hard: Amounts;
  used: Amounts;
  /** Whether the quota has a scope, and so applies only to some pods. */
  scoped: boolean;
};

/** The part of the capacity that the manager polls. The rest is watched. */
export type Capacity = {
  /** Undefined if the manager may not read quotas. */
  quotas: readonly Quota[] | undefined;
  /** Pods in the namespace that are not terminals. They also use room on nodes. */
  neighbours: readonly { node: string; requests: Amounts }[];
};

/** Whether the terminals of a prewarm window fit into the cluster. */
export type Fit = {
  /** The window's name. */
  window: string;
  /** The start of the occurrence that this is about, in milliseconds since 1970. */
  from: number;
  /** `unknown`: no obstacle was found, but the manager cannot see everything that could be one. */
  fits: 'yes' | 'no' | 'unknown';
  /** The number of terminals that the pool's windows need at the same time during the occurrence. */
  terminals: number;
  /** The obstacles, or what the manager cannot see. */
  why: string[];
};

/** The sum of the pools' `max` exceeds the number of available node ports. `limit` says what limits that number. */
export type PortShortage = { max: number; ports: number; limit: string };
