// When a pod ends and its replacement starts, as a client of the API server sees it. Pods and Events have times in whole
// seconds, by the clock of another machine. So this records the moment at which a watch or a followed log reports a change.

import type { Transport } from '../../manager/kubernetes/transport.ts';
import { listAndWatch, type WatchOptions } from '../../manager/kubernetes/watch.ts';
import { silent } from '../../test/helpers/manager.ts';
import { isReady, type RawPod } from '../../test/helpers/system.ts';

/** What the cluster does between the end of a session and the next Ready pod, in order. */
export const clusterSteps = [
  'deletion seen',
  'SIGTERM received',
  'session ended',
  'container ended',
  'pod gone',
  'replacement created',
  'scheduled',
  'container started',
  'Ready',
] as const;
export type ClusterStep = (typeof clusterSteps)[number];

/** Milliseconds since 1970, by this machine's clock. A step that this cluster does not show is absent. */
export type Timeline = Map<ClusterStep, number>;

type RawEvent = { reason: string; involvedObject: { uid: string } };

export type Observer = {
  /** Records the pod's end, and the start of its replacement, from now on. */
  follow: (podName: string) => Promise<{ timeline: Timeline }>;
  close: () => Promise<void>;
};

/** Watches the terminals of the namespace. */
export async function observe(transport: Transport): Promise<Observer> {
  const over = new AbortController();
  const core = `/api/v1/namespaces/${transport.namespace}`;
  const pods = new Map<string, RawPod>();
  const startedAt = new Map<string, number>();
  let followed: { name: string; uid: string; timeline: Timeline } | undefined;

  const mark = (step: ClusterStep) => {
    if (followed && !followed.timeline.has(step)) followed.timeline.set(step, Date.now());
  };
  const onPod = (name: string, pod: RawPod | undefined) => {
    if (pod) pods.set(name, pod);
    else pods.delete(name);
    if (name !== followed?.name) return;
    if (pod?.metadata.uid === followed.uid) {
      if (pod.metadata.deletionTimestamp !== undefined) mark('deletion seen');
      return;
    }
    mark('pod gone');
    if (!pod) return;
    mark('replacement created');
    if (pod.status.conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'True'))
      mark('scheduled');
    const started = startedAt.get(pod.metadata.uid);
    if (started !== undefined && !followed.timeline.has('container started'))
      followed.timeline.set('container started', started);
    if (isReady(pod)) mark('Ready');
  };
  const onEvent = (_name: string, event: RawEvent | undefined) => {
    if (event?.reason === 'Started') startedAt.set(event.involvedObject.uid, Date.now());
  };

  const watching: Promise<void>[] = [];
  const watch = (options: Pick<WatchOptions, 'path' | 'labelSelector' | 'onObject'>) =>
    new Promise<void>((onListed) => {
      const common = { transport, log: silent, onBroken: () => {}, onListed };
      watching.push(listAndWatch({ ...common, ...options }, over.signal));
    });
  await watch({
    path: `${core}/pods`,
    labelSelector: 'warmterm.dev/pool',
    onObject: (name, object) => onPod(name, object as RawPod | undefined),
  });
  await watch({
    path: `${core}/events`,
    onObject: (name, object) => onEvent(name, object as unknown as RawEvent | undefined),
  });

  /** The server in a terminal logs its steps at the end. */
  async function followLog(name: string): Promise<void> {
    const path = `${core}/pods/${name}/log?follow=true&tailLines=1`;
    const log = await transport.stream(path, over.signal);
    const read = async () => {
      for await (const chunk of log.setEncoding('utf8')) {
        const text = String(chunk);
        if (text.includes('"msg":"stopping"')) mark('SIGTERM received');
        if (text.includes('"msg":"session ended"')) mark('session ended');
      }
      mark('container ended');
    };
    void read().catch(() => {});
  }

  return {
    async follow(name) {
      const pod = pods.get(name);
      if (!pod) throw new Error(`There is no pod ${name}.`);
      followed = { name, uid: pod.metadata.uid, timeline: new Map() };
      await followLog(name);
      return followed;
    },
    async close() {
      over.abort();
      await Promise.all(watching);
    },
  };
}
