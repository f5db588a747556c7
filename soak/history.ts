// The history of each pod, from a watch of the API server that bypasses all faults.

import { setTimeout as delay } from 'node:timers/promises';
import { claimAnnotations, labels } from '../common/names.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';

/** A pod as an event of the watch showed it. */
export type PodEvent = {
  /** When it was seen, by performance.now, and in milliseconds since 1970. */
  at: number;
  wall: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  name: string;
  uid: string;
  version: string;
  /** The label: `false`, `true` or `retired`. */
  claimed: string | undefined;
  claimId: string | undefined;
  visitor: string | undefined;
  claimedAt: string | undefined;
  connectedAt: string | undefined;
  ready: boolean;
  terminating: boolean;
  node: string | undefined;
  /** The label that names its pool. */
  pool: string | undefined;
  /** The UID of the StatefulSet that owns it. */
  owner: string | undefined;
  /** The phase: `Succeeded` and `Failed` pods run no container. */
  phase: string | undefined;
};

type RawPod = {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
    ownerReferences?: { uid: string; controller?: boolean }[];
  };
  spec?: { nodeName?: string };
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
};
type RawEvent =
  | { type: PodEvent['type']; object: RawPod }
  | { type: 'BOOKMARK'; object: RawPod }
  | { type: 'ERROR'; object: unknown };

export function readEvent(
  type: PodEvent['type'],
  { metadata, spec, status }: RawPod,
  now: Pick<PodEvent, 'at' | 'wall'>,
): PodEvent {
  const annotations = metadata.annotations ?? {};
  return {
    ...now,
    type,
    name: metadata.name,
    uid: metadata.uid,
    version: metadata.resourceVersion,
    claimed: metadata.labels?.[labels.claimed],
    claimId: annotations[claimAnnotations.id],
    visitor: annotations[claimAnnotations.visitor],
    claimedAt: annotations[claimAnnotations.claimedAt],
    connectedAt: annotations[claimAnnotations.connectedAt],
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    terminating: metadata.deletionTimestamp !== undefined,
    node: spec?.nodeName,
    pool: metadata.labels?.[labels.pool],
    owner: metadata.ownerReferences?.find(({ controller }) => controller)?.uid,
    phase: status?.phase,
  };
}

/**
 * Reports every change of every pod of a pool, in order, until `signal` is aborted. Rejects when it may have missed
 * changes, because then nothing is proved.
 */
export async function watchPods(
  transport: Transport,
  onEvent: (event: PodEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/namespaces/${transport.namespace}/pods?labelSelector=${encodeURIComponent(labels.pool)}`;
  const list = await transport.request<{ metadata: { resourceVersion: string }; items: RawPod[] }>({
    method: 'GET',
    path,
  });
  for (const pod of list.items) onEvent(readEvent('ADDED', pod, now()));
  let version = list.metadata.resourceVersion;
  while (!signal.aborted) {
    try {
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=240&resourceVersion=${version}`;
      const stream = await transport.stream(`${path}&${query}`, signal);
      let rest = '';
      for await (const chunk of stream.setEncoding('utf8')) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = JSON.parse(line) as RawEvent;
          if (event.type === 'ERROR') throw new GapError(line);
          version = event.object.metadata.resourceVersion;
          if (event.type !== 'BOOKMARK') onEvent(readEvent(event.type, event.object, now()));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof GapError) throw error;
      await delay(200);
    }
  }
}

const now = () => ({ at: performance.now(), wall: Date.now() });

class GapError extends Error {
  constructor(line: string) {
    super(`The history has a gap: ${line}`);
  }
}
