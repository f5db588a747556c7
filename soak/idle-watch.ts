// Checks every second that no visitor waits for long while a ready pod is idle.

import { setTimeout as delay } from 'node:timers/promises';
import { labels } from '../common/names.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';
import type { FairClock } from './fair-clock.ts';
import { type Checker, isLive, type PodHistory, poolName, type Violation } from './invariants.ts';
import type { Losses } from './losses.ts';
import type { Visitors } from './visitors.ts';

export type IdleWatchOptions = {
  checker: Checker;
  clock: Pick<FairClock, 'any'>;
  visitors: Pick<Visitors, 'all'>;
  losses: Losses;
  transport: Transport;
  checked: (invariant: string) => void;
  violate: (violation: Violation) => void;
};

type RawService = { metadata: { name: string }; spec: { ports?: { nodePort?: number }[] } };
type RawSet = { metadata: { uid: string }; spec: { replicas: number } };

const lookMs = 1_000;
/** The longest time that a manager may be disconnected or stopped, plus the time until another one is asked. */
export const idleBoundMs = 30_000;

export function createIdleWatch({ checker, clock, visitors, losses, transport, checked, violate }: IdleWatchOptions) {
  const namespaced = (group: string) => `${group}/namespaces/${transport.namespace}`;
  // Pods by UID, visitors by hash; each with its start by the clock.
  const idleSince = new Map<string, number>();
  const waitingSince = new Map<string, number>();
  const found = new Set<string>();
  let longestMs = 0;

  async function look(): Promise<void> {
    const selector = encodeURIComponent(`${labels.pool}=${poolName}`);
    const [set, { items }] = await Promise.all([
      transport.request<RawSet>({ method: 'GET', path: `${namespaced('/apis/apps/v1')}/statefulsets/${poolName}` }),
      transport.request<{ items: RawService[] }>({
        method: 'GET',
        path: `${namespaced('/api/v1')}/services?labelSelector=${selector}`,
      }),
    ]);
    const exposed = new Set(items.filter(({ spec }) => spec.ports?.[0]?.nodePort).map(({ metadata }) => metadata.name));
    const idle = [...checker.pods.values()].filter((pod) => isServable(pod, set) && exposed.has(pod.name));
    const waiting = [...visitors.all()].filter(({ waitingSince }) => waitingSince !== undefined);
    note(
      idleSince,
      idle.map(({ uid }) => uid),
    );
    note(
      waitingSince,
      waiting.map(({ hash }) => hash),
    );
    compare();
  }

  function note(since: Map<string, number>, now: string[]): void {
    for (const known of since.keys()) if (!now.includes(known)) since.delete(known);
    for (const key of now) since.set(key, since.get(key) ?? clock.any());
  }

  const isServable = (pod: PodHistory, { metadata, spec }: RawSet): boolean => {
    const last = pod.events.at(-1);
    return (
      isLive(pod) &&
      last?.ready === true &&
      last.claimed === 'false' &&
      last.owner === metadata.uid &&
      Number(pod.name.slice(poolName.length + 1)) < spec.replicas &&
      losses.hasNode(pod)
    );
  };

  function compare(): void {
    const [pod] = [...idleSince].sort(([, a], [, b]) => a - b);
    const [visitor] = [...waitingSince].sort(([, a], [, b]) => a - b);
    if (!pod || !visitor) return;
    checked('idle');
    const [uid, hash] = [pod[0], visitor[0]];
    const ms = clock.any() - Math.max(pod[1], visitor[1]);
    longestMs = Math.max(longestMs, ms);
    if (ms < idleBoundMs || found.has(hash)) return;
    found.add(hash);
    const name = checker.pods.get(uid)?.name;
    violate({
      invariant: 'idle',
      what: `${hash} has waited for ${Math.round(ms)} ms while ${name} was idle`,
      uids: [uid],
    });
  }

  return {
    look,
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        // There may be no StatefulSet at this moment.
        await look().catch(() => idleSince.clear());
        await delay(lookMs, undefined, { signal }).catch(() => {});
      }
    },
    longestMs: () => longestMs,
  };
}
