// The soak accepts exactly the losses that each fault of the cluster may cause.

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

test('losses: a fault that did not happen allows no end', (t) => {
  t.is(setUp().losses.causeOfEnd(pod(), 1e6), undefined);
});

test('losses: a deleted pool allows its sessions to end, also of orphaned pods', (t) => {
  const { losses } = setUp();
  losses.deletesSet('set');
  t.is(losses.causeOfEnd(pod(), 0), 'pool deleted');
  t.is(losses.causeOfEnd(pod({ owner: 'next set' }), 0), undefined);
  const relabelled = pod();
  relabelled.events.push({ ...relabelled.events[0]!, owner: undefined });
  t.is(losses.causeOfEnd(relabelled, 0), 'pool deleted');
});

test('losses: a deleted Node allows its sessions to end after the grace, until its return is known', (t) => {
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

test('losses: a Node’s short return does not count if a manager may have missed it', (t) => {
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

test('losses: a Node that was back long enough gets a new grace', (t) => {
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

test('losses: pod garbage collection needs a Node absent at two checks 40 s apart', (t) => {
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

test('losses: an ended pod, or one without a Node, must not be handed out', (t) => {
  const { losses, at } = setUp();
  const ended = { ...pod(), endedSince: 5_000 };
  t.is(losses.whyUnfit(ended, 4_000), undefined);
  t.is(losses.whyUnfit(ended, 6_000), 'it had ended');
  at(1_000);
  losses.takesNode('node').deleted();
  t.is(losses.whyUnfit(pod(), 500), undefined);
  t.is(losses.whyUnfit(pod(), 2_000), 'its Node was deleted');
});

test('losses: the pool is absent from before its deletion until its recreation', (t) => {
  const { losses, at } = setUp();
  t.is(losses.poolAbsentFrom(0), undefined);
  at(1_000);
  losses.takesPool();
  at(60_000);
  // A deletion that failed halfway is repeated.
  losses.takesPool();
  t.is(losses.poolAbsentFrom(60_000), 1_000);
  losses.returnsPool();
  at(100_000);
  t.is(losses.poolAbsentFrom(59_999), 1_000);
  t.is(losses.poolAbsentFrom(60_000), undefined);
});
