// That the soak forgives exactly what each fault of the cluster may cost a visitor.

import test from 'ava';
import type { PodEvent } from '../../soak/history.ts';
import type { PodHistory } from '../../soak/invariants.ts';
import { createLosses } from '../../soak/losses.ts';

const knownWithinMs = 20_000;
const pod = (given: Partial<PodEvent> = {}): PodHistory => ({
  name: 'default-0',
  uid: 'a',
  events: [{ node: 'node', owner: 'set', ...given } as PodEvent],
  claimedSince: 0,
  leftPoolSince: undefined,
  endedSince: undefined,
  terminatingSince: undefined,
  goneSince: undefined,
});

function setUp() {
  let now = 0;
  let askedAt = 0;
  const losses = createLosses({ knownWithinMs, hasAskedSince: (_, time) => askedAt >= time, clock: () => now });
  const at = (ms: number) => {
    now = ms;
  };
  const asks = () => {
    askedAt = now;
  };
  return { losses, at, asks };
}

test('a fault that did not happen costs nothing', (t) => {
  t.is(setUp().losses.causeOfEnd(pod(), 1e6), undefined);
});

test('a deleted pool costs the sessions of its pods, also of those that have lost their owner since', (t) => {
  const { losses } = setUp();
  losses.deletesSet('set');
  t.is(losses.causeOfEnd(pod(), 0), 'pool deleted');
  t.is(losses.causeOfEnd(pod({ owner: 'next set' }), 0), undefined);
  const relabelled = pod();
  relabelled.events.push({ ...relabelled.events[0]!, owner: undefined });
  t.is(losses.causeOfEnd(relabelled, 0), 'pool deleted');
});

test('a deleted Node costs its sessions after the grace, until managers know of its return', (t) => {
  const { losses, at, asks } = setUp();
  at(100_000);
  const node = losses.takesNode('node');
  t.is(losses.causeOfEnd(pod(), 111_000), undefined, 'NotReady only');
  node.deleted();
  t.is(losses.causeOfEnd(pod(), 107_000), undefined, 'within the grace');
  t.is(losses.causeOfEnd(pod(), 111_000), 'Node deleted');
  t.is(losses.causeOfEnd(pod({ node: 'other' }), 111_000), undefined);
  at(105_000);
  asks();
  t.is(losses.causeOfEnd(pod(), 105_000), 'Node deleted', 'its visitor has come back');
  t.false(losses.hasNode(pod()));
  at(112_000);
  node.returned();
  t.true(losses.hasNode(pod()));
  t.is(losses.causeOfEnd(pod(), 112_000 + knownWithinMs), 'Node deleted');
  t.is(losses.causeOfEnd(pod(), 113_000 + knownWithinMs), undefined);
});

test('a Node that returns only for a moment was away all the time, to a manager that did not hear of it', (t) => {
  const { losses, at } = setUp();
  at(100_000);
  const first = losses.takesNode('node');
  first.deleted();
  at(101_000);
  first.returned();
  at(119_000);
  losses.takesNode('node').deleted();
  t.is(losses.causeOfEnd(pod(), 122_000), 'Node deleted');
});

test('a Node that was back for long enough has its grace anew', (t) => {
  const { losses, at } = setUp();
  at(100_000);
  const first = losses.takesNode('node');
  first.deleted();
  at(101_000);
  first.returned();
  at(122_000);
  losses.takesNode('node').deleted();
  t.is(losses.causeOfEnd(pod(), 125_000), undefined);
});

test('Kubernetes collects the pods of a Node that is away when it looks again, 40 s after it was away first', (t) => {
  const { losses, at } = setUp();
  at(100_000);
  const first = losses.takesNode('node');
  first.deleted();
  at(101_000);
  first.returned();
  t.is(losses.causeOfEnd(pod(), 143_000), undefined, 'it is there');
  at(142_000);
  losses.takesNode('node').deleted();
  t.is(losses.causeOfEnd(pod(), 143_000), 'Node deleted');
  t.is(losses.causeOfEnd(pod({ node: 'other' }), 143_000), undefined);
});

test('a pod that has ended, or has no Node, is not to be handed out by a manager that knows', (t) => {
  const { losses, at } = setUp();
  const ended = { ...pod(), endedSince: 5_000 };
  t.is(losses.whyUnfit(ended, 4_000), undefined);
  t.is(losses.whyUnfit(ended, 6_000), 'it had ended');
  at(1_000);
  losses.takesNode('node').deleted();
  t.is(losses.whyUnfit(pod(), 500), undefined);
  t.is(losses.whyUnfit(pod(), 2_000), 'its Node was deleted');
});

test('the pool is absent from before it is deleted until it is made again, however long that takes', (t) => {
  const { losses, at } = setUp();
  t.is(losses.poolAbsentFrom(0), undefined);
  at(1_000);
  losses.takesPool();
  at(60_000);
  // A deletion that failed half way is begun again.
  losses.takesPool();
  t.is(losses.poolAbsentFrom(60_000), 1_000);
  losses.returnsPool();
  at(100_000);
  t.is(losses.poolAbsentFrom(59_999), 1_000);
  t.is(losses.poolAbsentFrom(60_000), undefined);
});
