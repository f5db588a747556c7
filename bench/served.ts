// The delay until a waiting visitor is served: from a watch event that shows a pod as Ready, as the manager's watch does, to the
// answer to the first visitor in the queue.

import { paths } from '../common/terminals-api.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';
import { listAndWatch } from '../manager/kubernetes/watch.ts';
import { silent } from '../test/helpers/manager.ts';
import { createVisitor } from '../test/helpers/system.ts';
import { type Measure, measure, median } from './statistics.ts';

type Pod = { metadata: { name: string; uid: string }; status?: { conditions?: { type: string; status: string }[] } };

/**
 * Uses up a pool of `size` ready terminals, has `waiting` visitors wait, and ends as many terminals, one after the other.
 * Terminals that are left are claimed.
 */
export async function benchServed(
  admin: Transport,
  services: { pageUrl: string; waiting: () => Promise<number> },
  { size, waiting }: { size: number; waiting: number },
): Promise<Measure[]> {
  const readySince = new Map<string, number>();
  const seen = new Set<string>();
  const over = new AbortController();
  let listed = () => {};
  const known = new Promise<void>((resolve) => {
    listed = resolve;
  });
  const watching = listAndWatch(
    {
      transport: admin,
      path: `/api/v1/namespaces/${admin.namespace}/pods`,
      labelSelector: 'warmterm.dev/pool',
      log: silent,
      onObject(name, raw) {
        const { metadata, status } = (raw ?? {}) as Partial<Pod>;
        const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
        if (!ready || seen.has(metadata!.uid)) return;
        seen.add(metadata!.uid);
        readySince.set(name, performance.now());
      },
      onBroken: () => {},
      onListed: listed,
    },
    over.signal,
  );
  try {
    await known;
    const owners = Array.from({ length: size }, () => createVisitor(services));
    await Promise.all(owners.map((owner) => owner.claim()));
    const served: { name: string; at: number }[] = [];
    let next = () => {};
    const claims = [];
    for (let count = 0; count < waiting; count++) {
      const claim = createVisitor(services).claim();
      claims.push(claim.then(({ name }) => void served.push({ name, at: performance.now() })).finally(() => next()));
      // One after the other, so that the order is known.
      while ((await services.waiting()) <= count);
    }
    for (const [ended, owner] of owners.slice(0, waiting).entries()) {
      const one = new Promise<void>((resolve) => {
        next = resolve;
      });
      const { status } = await owner.call('DELETE', paths.current);
      if (status !== 204) throw new Error(`An end is answered with ${status}.`);
      if (served.length <= ended) await one;
    }
    await Promise.all(claims);
    const took = served.map(({ name, at }) => at - readySince.get(name)!);
    return [
      measure(`rush: a pod Ready → the first of ${waiting} who wait is answered, p50`, median(took), 'ms'),
      measure('rush: a pod Ready → the first who waits is answered, longest', Math.max(...took), 'ms'),
    ];
  } finally {
    over.abort();
    await watching;
  }
}
