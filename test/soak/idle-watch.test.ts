// Detects a visitor who waits while a pod is idle, and reports no other visitor.

import test from 'ava';
import type { Transport } from '../../manager/kubernetes/transport.ts';
import type { PodEvent } from '../../soak/history.ts';
import { createIdleWatch, idleBoundMs } from '../../soak/idle-watch.ts';
import type { Checker, PodHistory } from '../../soak/invariants.ts';
import type { Losses } from '../../soak/losses.ts';
import type { Visitors } from '../../soak/visitors.ts';

/** Checks twice, the time limit apart; returns the violations. */
async function look(
  t: { pod?: Partial<PodEvent>; exposed?: boolean; waits?: boolean; hasNode?: boolean; between?: number } = {},
): Promise<string[]> {
  const { exposed = true, waits = true, hasNode = true, between = idleBoundMs } = t;
  const event = { name: 'default-0', uid: 'a', ready: true, claimed: 'false', owner: 'set', ...t.pod };
  const pod = { ...event, events: [event] } as unknown as PodHistory;
  const items = exposed ? [{ metadata: { name: 'default-0' }, spec: { ports: [{ nodePort: 30_000 }] } }] : [];
  const set = { metadata: { uid: 'set' }, spec: { replicas: 1 } };
  const request = async ({ path }: { path: string }) => (path.includes('statefulsets') ? set : { items });
  let at = 0;
  const found: string[] = [];
  const watch = createIdleWatch({
    checker: { pods: new Map([['a', pod]]) } as unknown as Checker,
    clock: { any: () => at },
    visitors: { all: () => [{ hash: 'ann', waitingSince: waits ? 1 : undefined }].values() } as unknown as Visitors,
    losses: { hasNode: () => hasNode } as unknown as Losses,
    transport: { namespace: 'n', request } as unknown as Transport,
    checked: () => {},
    violate: ({ what }) => found.push(what),
  });
  await watch.look();
  at += between;
  await watch.look();
  return found;
}

test('idle-watch: detects a visitor who waits while a ready pod is idle', async (t) => {
  t.deepEqual(await look(), [`ann has waited for ${idleBoundMs} ms while default-0 was idle`]);
});

test('idle-watch: ignores pods that are not ready and visitors who do not wait', async (t) => {
  t.deepEqual(await look({ between: idleBoundMs - 1 }), [], 'not for long enough');
  t.deepEqual(await look({ exposed: false }), [], 'no Service');
  t.deepEqual(await look({ hasNode: false }), [], 'no Node');
  t.deepEqual(await look({ waits: false }), [], 'nobody waits');
  t.deepEqual(await look({ pod: { ready: false } }), []);
  t.deepEqual(await look({ pod: { claimed: 'retired' } }), []);
  t.deepEqual(await look({ pod: { owner: 'second set' } }), []);
  t.deepEqual(await look({ pod: { name: 'default-1' } }), [], 'about to be scaled away');
});
