// Checks that the queue is served in order. In the calm, the pool is filled, several visitors arrive one after the other, each at any
// manager, and then terminals become free.

import { setTimeout as delay } from 'node:timers/promises';
import type { CalmOptions } from './calm.ts';
import { isLive } from './invariants.ts';
import type { Visitor } from './visitors.ts';

const waiters = 4;
// Managers know the time of the API server to the second.
const gapMs = 1_500;
// Several terminals may become free at once, and are then claimed at several managers.
const toleranceMs = 2_000;
const mostToFill = 40;
const lookMs = 100;
const mostLooks = 50;

export async function checkOrder(options: CalmOptions): Promise<void> {
  const { managers, visitors, administrator, checker, logBook, pace, checked, violate, signal } = options;
  const startedAt = performance.now();
  const came: { visitor: Visitor; claimed: Promise<boolean> }[] = [];
  const come = async () => {
    const visitor = visitors.arrive();
    const claimed = visitors.claim(visitor);
    came.push({ visitor, claimed });
    await Promise.race([claimed, delay(gapMs)]);
    return visitor.terminal === undefined;
  };

  const live = [...checker.pods.values()].filter(isLive).length;
  await administrator.setMax(live);
  let waiting = 0;
  for (let count = 0; count < mostToFill && waiting < waiters && !signal.aborted; count++) if (await come()) waiting++;
  await administrator.setMax(pace.max);
  const all = await Promise.all(came.map(({ claimed }) => claimed));
  // The history may see the last claim a little later than its visitor.
  const isKnown = () => came.every(({ visitor }, index) => !all[index] || checker.historiesOf(visitor.hash).length > 0);
  for (let tries = 0; tries < mostLooks && !isKnown(); tries++) await delay(lookMs);

  // A suspended manager serves its visitors late, and so does an API server whose claim write times out.
  const wereLost = logBook.about(['no answer to a claim']).some(({ at }) => at >= startedAt);
  const fair = !wereLost && managers.every(({ ranSince }) => ranSince(startedAt));
  const served = came.map(({ visitor }) => checker.historiesOf(visitor.hash)[0]);
  for (const [index, pod] of served.entries()) {
    if (fair) checked('order');
    const { hash } = came[index]!.visitor;
    if (fair && !pod) violate({ invariant: 'order', what: `${hash} was not served`, uids: [] });
    const earlier = served
      .slice(0, index)
      .find((other) => other && other.claimedSince! > (pod?.claimedSince ?? Number.POSITIVE_INFINITY) + toleranceMs);
    if (fair && pod && earlier)
      violate({
        invariant: 'order',
        what: `${hash} came later, and was served before the visitor of ${earlier.name}`,
        uids: [pod.uid, earlier.uid],
      });
  }
  await Promise.all(
    came.map(async ({ visitor }) => {
      await visitors.end(visitor);
      visitor.here = false;
    }),
  );
}
