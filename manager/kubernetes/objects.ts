// The fields of Kubernetes objects that the manager reads, and their conversion to observations. Pure. No other module depends on
// the layout of these objects.

import { hostname } from 'node:os';
import { claimantSchema } from '../../common/claimant.ts';
import { formerTerminalSchema, type PodAddress } from '../../common/manager-api.ts';
import {
  claimAnnotations,
  healthPortName,
  labels,
  lastEndAnnotation,
  retired,
  terminalPortName,
} from '../../common/names.ts';
import { printable } from '../../common/printable.ts';
import { readHost } from '../exposure/route-kind.ts';
import { fillRoute, type RouteTemplate, says } from '../exposure/route-template.ts';
import type {
  ClaimRecord,
  ObservedNode,
  ObservedPod,
  ObservedPool,
  ObservedRoute,
  ObservedService,
  StoredPosition,
  StoredQueue,
  TerminalEnd,
} from '../model/observation.ts';
import { type RawNodeCapacity, type RawPodSpec, readNeeds, readNodeCapacity } from './capacity-objects.ts';
import { findTrouble, type RawPodStatus } from './pod-trouble.ts';
import type { KubernetesEvent, Lease, LeaseToWrite, PodInTheWay } from './port.ts';

export type ObjectMeta = {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  generation?: number;
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
};
type Condition = { type: string; status: string; lastTransitionTime?: string | null };
export type RawPod = {
  metadata: ObjectMeta;
  spec?: { nodeName?: string; containers?: { ports?: { name?: string; containerPort: number }[] }[] };
  status?: RawPodStatus & { podIP?: string };
};
export type RawStatefulSet = {
  metadata: ObjectMeta;
  spec: {
    replicas?: number;
    template?: { spec?: RawPodSpec };
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    volumeClaimTemplates?: { metadata?: { name?: string } }[];
  };
  status?: { observedGeneration?: number; updateRevision?: string };
};
export type RawScale = { metadata: ObjectMeta; spec?: { replicas?: number } };
export type RawService = { metadata: ObjectMeta; spec: { ports?: { nodePort?: number }[] } };
export type RawRoute = { metadata: ObjectMeta; spec?: unknown };
export type RawConfigMap = { metadata: ObjectMeta; data?: Record<string, string> };
export type RawEvent = {
  metadata: ObjectMeta;
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
};
export type RawNode = {
  metadata: ObjectMeta;
  spec?: RawNodeCapacity['spec'] & { unschedulable?: boolean };
  status?: RawNodeCapacity['status'] & { addresses?: { type: string; address: string }[]; conditions?: Condition[] };
};
export type RawLease = {
  metadata: ObjectMeta;
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
};

// An invalid number revokes all links: an administrator may have intended that.
function readLinkEpoch(annotations: Record<string, string> = {}): { linkEpoch?: number } {
  const text = annotations[claimAnnotations.linkEpoch];
  if (text === undefined) return {};
  return { linkEpoch: /^\d{1,15}$/.test(text) ? Number(text) : Number.MAX_SAFE_INTEGER };
}

/** The label that the StatefulSet controller sets on each pod. */
const revisionLabel = 'controller-revision-hash';

/** A pod of a pool. Undefined for a pod that has the label but no ordinal in its name. */
export function readPod(pod: RawPod): ObservedPod | undefined {
  const { metadata, spec, status } = pod;
  const pool = metadata.labels?.[labels.pool];
  const ordinal = readOrdinal(metadata.name);
  if (pool === undefined || ordinal === undefined) return undefined;
  const claim = readClaim(metadata.annotations ?? {});
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  const ended = status?.phase === 'Failed' || status?.phase === 'Succeeded' ? status.phase : undefined;
  const ready = condition?.status === 'True' && ended === undefined;
  const heldSince = readHeldSince(metadata, status);
  const endsBy = readTime(metadata.deletionTimestamp);
  return {
    name: metadata.name,
    uid: metadata.uid,
    pool,
    ...readOwner(metadata),
    ordinal,
    version: Number(metadata.resourceVersion),
    node: spec?.nodeName,
    podAddress: readPodAddress(terminalPortName, pod),
    healthAddress: readPodAddress(healthPortName, pod),
    createdAt: readTime(metadata.creationTimestamp) ?? 0,
    ready,
    readyChangedAt: readTime(condition?.lastTransitionTime),
    trouble: ready ? undefined : findTrouble(status),
    terminating: metadata.deletionTimestamp !== undefined,
    ...(endsBy !== undefined && { endsBy }),
    ...(ended && { ended }),
    ...(heldSince !== undefined && { heldSince }),
    ...(metadata.annotations?.[claimAnnotations.endedBy] === 'owner' && { endedByOwner: true }),
    ...readLinkEpoch(metadata.annotations),
    // Only "false" from the template means free. A pod whose label was removed, or restored after a claim, is not free.
    taken: metadata.labels?.[labels.claimed] !== 'false' || claim !== undefined,
    retired: metadata.labels?.[labels.claimed] === retired,
    claim,
    revision: metadata.labels?.[revisionLabel],
    annotated: metadata.annotations !== undefined,
  };
}

/** The label of a foreign pod with the name of a pool's pod. Undefined if the pod is the pool's, or its StatefulSet will adopt it. */
export function findInTheWay({ metadata }: RawPod, uid: string, pool: string): PodInTheWay | undefined {
  const { owner } = readOwner(metadata);
  const label = metadata.labels?.[labels.pool];
  return owner === uid || (owner === undefined && label === pool) ? undefined : { pool: label };
}

// A grace period of 0 means that the pod is off its node already, and only a finalizer keeps the object.
function readHeldSince(
  { deletionTimestamp, deletionGracePeriodSeconds }: ObjectMeta,
  status: RawPodStatus | undefined,
): number | undefined {
  const containers = status?.containerStatuses ?? [];
  const ended = containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined);
  return ended && deletionGracePeriodSeconds !== 0 ? readTime(deletionTimestamp) : undefined;
}

function readPodAddress(portName: string, { spec, status }: Pick<RawPod, 'spec' | 'status'>): PodAddress | undefined {
  const ports = spec?.containers?.flatMap(({ ports = [] }) => ports);
  const port = ports?.find(({ name }) => name === portName)?.containerPort;
  return status?.podIP && port !== undefined ? { host: status.podIP, port } : undefined;
}

function readClaim(annotations: Record<string, string>): ClaimRecord | undefined {
  const id = annotations[claimAnnotations.id];
  const visitor = annotations[claimAnnotations.visitor];
  if (id === undefined || visitor === undefined) return undefined;
  return {
    id,
    visitor,
    address: annotations[claimAnnotations.address],
    // The claim itself writes it. If someone damages it, the session is overdue instead of endless.
    claimedAt: readTime(annotations[claimAnnotations.claimedAt]) ?? 0,
    connectedAt: readTime(annotations[claimAnnotations.connectedAt]),
  };
}

export function readPool({ metadata, spec, status }: RawStatefulSet): ObservedPool | undefined {
  const name = metadata.labels?.[labels.pool];
  if (name === undefined || metadata.deletionTimestamp !== undefined) return undefined;
  return {
    name,
    statefulSet: metadata.name,
    uid: metadata.uid,
    version: Number(metadata.resourceVersion),
    createdAt: readTime(metadata.creationTimestamp) ?? 0,
    replicas: spec.replicas ?? 1,
    // The revision belongs to the template only after the controller has observed it.
    revision: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) ? status?.updateRevision : undefined,
    annotations: metadata.annotations ?? {},
    ...readUpdateStrategy(spec),
    ...(spec.volumeClaimTemplates?.length && {
      claimTemplates: spec.volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''),
    }),
    needs: readNeeds(spec.template?.spec ?? {}),
  };
}

// Absent only if it was never defaulted: an API server writes RollingUpdate in that case.
function readUpdateStrategy({ updateStrategy }: RawStatefulSet['spec']): { updateStrategy?: string } {
  const { type = 'OnDelete', rollingUpdate } = updateStrategy ?? {};
  if (type === 'OnDelete') return {};
  const partition = rollingUpdate?.partition;
  return { updateStrategy: partition ? `${type} with partition ${partition}` : type };
}

/** The observed pool with the size and version of its Scale. */
export const readScale = ({ metadata, spec }: RawScale, pool: ObservedPool): ObservedPool => ({
  ...pool,
  version: Number(metadata.resourceVersion),
  replicas: spec?.replicas ?? 0,
});

export function readService({ metadata, spec }: RawService): ObservedService | undefined {
  const about = readTarget(metadata);
  const lastEnd = about && readLastEnd(metadata.annotations?.[lastEndAnnotation]);
  return about && { ...about, uid: metadata.uid, nodePort: spec.ports?.[0]?.nodePort, ...(lastEnd && { lastEnd }) };
}

const terminalEndSchema = formerTerminalSchema.extend({ visitor: claimantSchema });

// Everyone with permission to annotate Services can write this annotation, so check it.
function readLastEnd(text: string | undefined): TerminalEnd | undefined {
  try {
    return terminalEndSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/** A route of the template's kind. `template` also gives the protocol of its host. */
export function readRoute({ metadata, spec }: RawRoute, template: RouteTemplate): ObservedRoute | undefined {
  const about = readTarget(metadata);
  if (!about) return undefined;
  const host = readHost(template.kind, spec);
  const { protocol } = template;
  const wanted = fillRoute(template, about);
  return {
    ...about,
    uid: metadata.uid,
    address: host === undefined ? undefined : { protocol, host, port: protocol === 'https' ? 443 : 80 },
    asTemplate: says({ metadata, spec }, { metadata: wanted.metadata, spec: wanted.spec }),
  };
}

/** The terminal that a Service or route belongs to. Undefined if there is none, or the object is being deleted. */
function readTarget(metadata: ObjectMeta) {
  const { name, labels: marks, deletionTimestamp } = metadata;
  const pool = marks?.[labels.pool];
  const ordinal = readOrdinal(name);
  return pool === undefined || ordinal === undefined || deletionTimestamp !== undefined
    ? undefined
    : { name, pool, ordinal, ...readOwner(metadata) };
}

/** The UID of the owning controller, as an object to spread. Empty if there is none. */
function readOwner({ ownerReferences = [] }: ObjectMeta): { owner?: string } {
  const owner = ownerReferences.find(({ controller }) => controller === true)?.uid;
  return owner === undefined ? {} : { owner };
}

/** The stored queue of a pool. Undefined for another ConfigMap, and for one that is being deleted. */
export function readQueue({ metadata, data = {} }: RawConfigMap): StoredQueue | undefined {
  const pool = metadata.labels?.[labels.pool];
  if (pool === undefined || metadata.deletionTimestamp !== undefined) return undefined;
  const positions = new Map<string, StoredPosition>();
  for (const [visitor, text] of Object.entries(data)) {
    const position = readPosition(text);
    if (position) positions.set(visitor, position);
  }
  const { name, uid, resourceVersion } = metadata;
  return { name, uid, pool, ...readOwner(metadata), version: Number(resourceVersion), positions };
}

// Ignores entries that were written by hand and do not parse.
function readPosition(text: string): StoredPosition | undefined {
  try {
    const { since, address, seen } = JSON.parse(text) as { since?: string; address?: string; seen?: string };
    const at = readTime(since);
    return at === undefined ? undefined : { since: at, ...(address && { address }), seen: readTime(seen) };
  } catch {
    return undefined;
  }
}

/** A position as it is stored: JSON, so that fields can be added. */
export const formatPosition = ({ since, address, seen }: StoredPosition): string =>
  JSON.stringify({
    since: new Date(since).toISOString(),
    address,
    ...(seen !== undefined && { seen: new Date(seen).toISOString() }),
  });

/** `host`: the node's address for browsers: ExternalIP, else InternalIP, else Hostname. */
export function readNode(node: RawNode): ObservedNode {
  const { metadata, spec, status } = node;
  const address = (type: string) => status?.addresses?.find((entry) => entry.type === type)?.address;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    name: metadata.name,
    host: address('ExternalIP') ?? address('InternalIP') ?? address('Hostname'),
    cordoned: spec?.unschedulable === true,
    // Not its lastTransitionTime: the manager measures the time with its own clock.
    ready: ready?.status === 'True',
    capacity: readNodeCapacity(node),
  };
}

// The duration of a Lease that does not have one. Every elector writes one.
const usualLeaseSeconds = 15;

export function readLease({ metadata, spec = {} }: RawLease): Lease {
  return {
    version: metadata.resourceVersion,
    holder: spec.holderIdentity ?? '',
    durationMs: (spec.leaseDurationSeconds ?? usualLeaseSeconds) * 1_000,
    acquiredAt: readTime(spec.acquireTime) ?? 0,
    renewedAt: readTime(spec.renewTime) ?? 0,
    transitions: spec.leaseTransitions ?? 0,
  };
}

export function describeLease({ holder, durationMs, acquiredAt, renewedAt, transitions }: LeaseToWrite) {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: durationMs / 1_000,
    acquireTime: microTime(acquiredAt),
    renewTime: microTime(renewedAt),
    leaseTransitions: transitions,
  };
}

// The API server accepts no longer message.
const longestMessage = 1_000;

export function describeEvent(
  { about, type, reason, message, count, firstAt, lastAt }: KubernetesEvent,
  namespace: string,
) {
  const apiVersion = about.kind === 'Pod' ? 'v1' : 'apps/v1';
  return {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { generateName: `${about.name}.`, namespace },
    involvedObject: { ...about, apiVersion, namespace },
    type,
    reason,
    message: printable(message, longestMessage),
    source: { component: 'warmterm-manager', host: hostname() },
    firstTimestamp: wholeSeconds(firstAt),
    lastTimestamp: wholeSeconds(lastAt),
    count,
  };
}

/** The message of the latest of several Events. */
export function newestMessage(events: readonly RawEvent[]): string | undefined {
  const at = ({ lastTimestamp, eventTime, metadata }: RawEvent) =>
    readTime(lastTimestamp ?? eventTime ?? metadata.creationTimestamp) ?? 0;
  const newest = events.toSorted((a, b) => at(b) - at(a))[0];
  return newest?.message === undefined ? undefined : printable(newest.message, longestMessage);
}

/** Milliseconds since 1970. Undefined if `text` is not a time. */
function readTime(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** A Time has no fraction of a second. */
const wholeSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+/, '');

/** A MicroTime must have six decimals. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

/** The number at the end of a StatefulSet pod's name: `default-12` → 12. */
function readOrdinal(name: string): number | undefined {
  const match = /-(\d{1,9})$/.exec(name);
  return match ? Number(match[1]) : undefined;
}
