// Implements the Kubernetes port with the real API or its stand-in. Each method is one request and interprets its errors.

import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { claimAnnotations, labels, managerAudience, retired } from '../../common/names.ts';
import type { Exposure } from '../exposure/exposure.ts';
import type { IpFamilies } from '../exposure/ip-families.ts';
import type { ObservedPod } from '../model/observation.ts';
import { ApiError } from './api-error.ts';
import { createCapacity } from './capacity.ts';
import { createExposures, routesPath } from './exposures.ts';
import { createManagerLeases } from './manager-leases.ts';
import {
  describeEvent,
  describeLease,
  findInTheWay,
  newestMessage,
  type RawConfigMap,
  type RawEvent,
  type RawLease,
  type RawNode,
  type RawPod,
  type RawRoute,
  type RawScale,
  type RawService,
  type RawStatefulSet,
  readLease,
  readNode,
  readPod,
  readPool,
  readQueue,
  readRoute,
  readScale,
  readService,
} from './objects.ts';
import type { Cluster, PodRef } from './port.ts';
import { createQueues } from './queues.ts';
import { type ApiRequest, type Transport, unless } from './transport.ts';
import { listAndWatch } from './watch.ts';

const leaseKind = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1' };
const jsonPatch = 'application/json-patch+json';
const mergePatch = 'application/merge-patch+json';
// Callers wait for a review. Valid tokens are cached for longer than this.
const reviewMs = 4_000;
// A request that hangs must not hold its connection for longer than the elector waits.
const leaseMs = 5_000;

export type ClusterOptions = {
  transport: Transport;
  exposure: Exposure;
  /** For the Services of terminals. */
  ipFamilies?: IpFamilies;
  log: Logger;
  /** The release whose pools are managed. Absent: every pool of the namespace. */
  release?: string | undefined;
  /** This manager's own pod. Absent outside a cluster. */
  pod?: PodRef | undefined;
  /** Called with the path of the collection whose watch has broken. */
  onWatchBroken?: (path: string) => void;
};

export function createCluster(options: ClusterOptions): Cluster {
  const { transport, exposure, ipFamilies, log, release, pod, onWatchBroken = () => {} } = options;
  const { namespace } = transport;
  const ownSelector = release === undefined ? labels.pool : `${labels.pool},${labels.release}=${release}`;
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const podPath = (name: string) => `${core}/pods/${name}`;

  const patchPod = async (pod: PodRef, contentType: string, body: unknown): Promise<ObservedPod | undefined> =>
    readPod(await transport.request<RawPod>({ method: 'PATCH', path: podPath(pod.name), contentType, body }));

  const askLease = (request: ApiRequest) =>
    transport.request<RawLease>({ ...request, lane: 'leases', deadlineMs: leaseMs });

  const claimedLabel = `/metadata/labels/${escapePointer(labels.claimed)}`;
  const poolLabel = `/metadata/labels/${escapePointer(labels.pool)}`;

  const routes =
    exposure.mode === 'ingress'
      ? ([
          {
            path: routesPath(exposure.template, namespace),
            kind: 'route',
            selected: true,
            read: (raw: unknown) => readRoute(raw as RawRoute, exposure.template),
          },
        ] as const)
      : [];

  const getPod = (name: string) =>
    unless([404], transport.request<RawPod>({ method: 'GET', path: podPath(name) }).then(readPod));

  type DeleteOptions = { preconditions: { uid: string; resourceVersion?: string }; gracePeriodSeconds?: number };
  const deletePod = async (name: string, options: DeleteOptions) => {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
    const request = transport.request<RawPod>({ method: 'DELETE', path: podPath(name), body });
    try {
      return await unless([404], request.then(readPod));
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) return 'conflict';
      throw error;
    }
  };

  return {
    async watch(sink, signal) {
      const kinds = [
        { path: `${core}/pods`, kind: 'pod', selected: true, read: (raw: unknown) => readPod(raw as RawPod) },
        {
          path: `${apps}/statefulsets`,
          kind: 'pool',
          selected: true,
          read: (raw: unknown) => readPool(raw as RawStatefulSet),
        },
        {
          path: `${core}/services`,
          kind: 'service',
          selected: true,
          read: (raw: unknown) => readService(raw as RawService),
        },
        {
          path: `${core}/configmaps`,
          kind: 'queue',
          selected: true,
          read: (raw: unknown) => readQueue(raw as RawConfigMap),
        },
        { path: '/api/v1/nodes', kind: 'node', selected: false, read: (raw: unknown) => readNode(raw as RawNode) },
        ...routes,
      ] as const;
      const unlisted = new Set<string>(kinds.map(({ kind }) => kind));
      await Promise.all(
        kinds.map(({ path, kind, selected, read }) =>
          listAndWatch(
            {
              transport,
              path,
              ...(selected ? { labelSelector: ownSelector } : {}),
              log,
              onObject(name, raw) {
                const object = raw && read(raw);
                sink.observe({ kind, name, object } as Parameters<typeof sink.observe>[0]);
              },
              onBroken: () => onWatchBroken(path),
              onListed() {
                if (unlisted.delete(kind) && unlisted.size === 0) sink.synced();
              },
            },
            signal,
          ),
        ),
      );
    },

    async claimPod(pod, claim) {
      const annotations = {
        [claimAnnotations.id]: claim.id,
        [claimAnnotations.visitor]: claim.visitor,
        ...(claim.address !== undefined && { [claimAnnotations.address]: claim.address }),
        [claimAnnotations.claimedAt]: new Date(claim.claimedAt).toISOString(),
      };
      const body = [
        { op: 'test', path: '/metadata/uid', value: pod.uid },
        { op: 'test', path: claimedLabel, value: 'false' },
        // An administrator may have taken it out of the pool.
        { op: 'test', path: poolLabel, value: pod.pool },
        // A terminating pod is of no use to a visitor, and the watch may not have reported it yet. An absent field equals null.
        { op: 'test', path: '/metadata/deletionTimestamp', value: null },
        // A pod that has ended, for instance by eviction, is of no use either.
        { op: 'test', path: '/status/phase', value: 'Running' },
        { op: 'replace', path: claimedLabel, value: 'true' },
        ...(pod.annotated
          ? Object.entries(annotations).map(([key, value]) => ({
              op: 'add',
              path: `/metadata/annotations/${escapePointer(key)}`,
              value,
            }))
          : // Create the annotation map, on condition that the pod has not changed, so that no other annotation is lost.
            [
              { op: 'test', path: '/metadata/resourceVersion', value: String(pod.version) },
              { op: 'add', path: '/metadata/annotations', value: annotations },
            ]),
      ];
      return (await unless([404, 409, 422], patchPod(pod, jsonPatch, body))) ?? 'conflict';
    },

    async retirePod(pod) {
      const body = [
        { op: 'test', path: '/metadata/uid', value: pod.uid },
        { op: 'test', path: claimedLabel, value: pod.retired ? retired : 'false' },
        { op: 'test', path: poolLabel, value: pod.pool },
        { op: 'replace', path: claimedLabel, value: retired },
      ];
      return (await unless([404, 409, 422], patchPod(pod, jsonPatch, body))) ?? 'conflict';
    },

    readPod: getPod,

    async markConnected(pod, at) {
      const path = `/metadata/annotations/${escapePointer(claimAnnotations.connectedAt)}`;
      const body = [
        { op: 'test', path: '/metadata/uid', value: pod.uid },
        // Another manager may have recorded a connection, and the first one counts. An absent field equals null.
        { op: 'test', path, value: null },
        { op: 'add', path, value: new Date(at).toISOString() },
      ];
      return unless([404, 409, 422], patchPod(pod, jsonPatch, body));
    },

    async markEndedByOwner(pod) {
      const annotations = { [claimAnnotations.endedBy]: 'owner' };
      return unless([404, 409, 422], patchPod(pod, mergePatch, { metadata: { uid: pod.uid, annotations } }));
    },

    async setLinkEpoch(pod, epoch) {
      const annotations = { [claimAnnotations.linkEpoch]: String(epoch) };
      return unless([404, 409, 422], patchPod(pod, mergePatch, { metadata: { uid: pod.uid, annotations } }));
    },

    async deletePod({ name, uid }) {
      const deleted = await deletePod(name, { preconditions: { uid } });
      if (deleted !== 'conflict') return deleted;
      // A conflict nearly always means a successor with the same name. Only a missing pod proves the deletion, so read it.
      if ((await getPod(name))?.uid !== uid) return undefined;
      throw new ServiceError('conflict', `The Kubernetes API refuses to delete ${name}.`);
    },

    deleteAsSeen: ({ name, uid, version }) =>
      deletePod(name, { preconditions: { uid, resourceVersion: String(version) } }),

    async removeOrphan({ name, uid, version }) {
      // The pod garbage collector does the same, but waits 40 s first.
      const preconditions = { uid, resourceVersion: String(version) };
      const removed = await deletePod(name, { preconditions, gracePeriodSeconds: 0 });
      return removed === 'conflict' ? removed : 'removed';
    },

    async readNode(name) {
      // A list with one item: the manager may list nodes, and needs no permission to get one.
      const fieldSelector = encodeURIComponent(`metadata.name=${name}`);
      const path = `/api/v1/nodes?fieldSelector=${fieldSelector}`;
      const { items } = await transport.request<{ items: RawNode[] }>({ method: 'GET', path });
      return items[0] && readNode(items[0]);
    },

    // Uses the scale subresource: permission to patch the StatefulSet would include changing its containers.
    async scalePool(pool, to) {
      const body = [
        { op: 'test', path: '/metadata/uid', value: pool.uid },
        // A Scale omits zero replicas, and an absent field equals null.
        { op: 'test', path: '/spec/replicas', value: pool.replicas || null },
        { op: 'add', path: '/spec/replicas', value: to },
      ];
      const path = `${apps}/statefulsets/${pool.statefulSet}/scale`;
      const request = transport.request<RawScale>({ method: 'PATCH', path, contentType: jsonPatch, body });
      const scale = await unless([404, 409, 422], request);
      return scale ? readScale(scale, pool) : 'conflict';
    },

    ...createExposures(transport, exposure, { release, ipFamilies }),
    ...createQueues(transport, release),
    ...createCapacity(transport, release),
    ...createManagerLeases({ transport, log, onWatchBroken, release, pod }),

    readLease: async (name) => unless([404], askLease({ method: 'GET', path: `${leases}/${name}` }).then(readLease)),

    async createLease(name, lease) {
      const body = { ...leaseKind, metadata: { name }, spec: describeLease(lease) };
      const request = askLease({ method: 'POST', path: leases, body });
      return (await unless([409], request.then(readLease))) ?? 'conflict';
    },

    async updateLease(name, version, lease) {
      const body = { ...leaseKind, metadata: { name, resourceVersion: version }, spec: describeLease(lease) };
      const request = askLease({ method: 'PUT', path: `${leases}/${name}`, body });
      return (await unless([404, 409], request.then(readLease))) ?? 'conflict';
    },

    async reviewToken(token) {
      const review = {
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1',
        spec: { token, audiences: [managerAudience] },
      };
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const request = { method: 'POST', path, body: review, lane: 'reviews', deadlineMs: reviewMs } as const;
      const { status } = await transport.request<{ status: ReviewStatus }>(request);
      return readIdentity(status, namespace);
    },

    async readCreateFailure({ uid }) {
      const fieldSelector = encodeURIComponent(`involvedObject.uid=${uid},reason=FailedCreate`);
      const path = `${core}/events?fieldSelector=${fieldSelector}`;
      return newestMessage((await transport.request<{ items: RawEvent[] }>({ method: 'GET', path })).items);
    },

    async readPodInTheWay(name, { uid, name: pool }) {
      const there = await unless([404], transport.request<RawPod>({ method: 'GET', path: podPath(name) }));
      return there && findInTheWay(there, uid, pool);
    },

    async recordEvent(event) {
      await transport.request({ method: 'POST', path: `${core}/events`, body: describeEvent(event, namespace) });
    },
  };
}

type ReviewStatus = {
  authenticated?: boolean;
  audiences?: string[];
  user?: { username?: string; extra?: Record<string, string[]> };
};

/** The identity of a reviewed token. Undefined unless it is a service account of `namespace`. */
export function readIdentity(status: ReviewStatus, namespace: string) {
  const prefix = `system:serviceaccount:${namespace}:`;
  const { username = '', extra = {} } = status.user ?? {};
  // An authenticator without support for audiences returns none: the token may be meant for another service.
  const forUs = status.authenticated === true && status.audiences?.includes(managerAudience) === true;
  if (!forUs || !username.startsWith(prefix)) return undefined;
  const name = extra['authentication.kubernetes.io/pod-name']?.[0];
  const uid = extra['authentication.kubernetes.io/pod-uid']?.[0];
  return { serviceAccount: username.slice(prefix.length), pod: name && uid ? { name, uid } : undefined };
}

/** RFC 6901: `/` in a key is written `~1`. */
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
