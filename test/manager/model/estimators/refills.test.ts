import test from 'ava';
import { Refills } from '../../../../manager/model/estimators/refills.ts';
import type { ObservedPod } from '../../../../manager/model/observation.ts';

const podOf = (ordinal: number, uid: string, rest: Partial<ObservedPod> = {}): ObservedPod => ({
  name: `p-${ordinal}`,
  uid,
  pool: 'p',
  ordinal,
  version: 1,
  node: 'n',
  podAddress: undefined,
  healthAddress: undefined,
  createdAt: 0,
  ready: false,
  readyChangedAt: undefined,
  trouble: undefined,
  terminating: false,
  taken: false,
  retired: false,
  revision: undefined,
  claim: undefined,
  annotated: true,
  ...rest,
});

function poolOf(replicas: number): Refills {
  const refills = new Refills();
  refills.resize(replicas, 0);
  return refills;
}

test('a pool that has grown is refilled when the new ordinal’s pod is ready', (t) => {
  const refills = poolOf(1);
  refills.resize(2, 5_000);
  t.is(refills.observe(podOf(1, 'a'), 5_100), undefined);
  t.is(refills.observe(podOf(1, 'a', { ready: true }), 8_250), 3_250);
  t.is(refills.observe(podOf(1, 'a', { ready: true, version: 2 }), 9_000), undefined, 'once');
});

test('after a session an ordinal is refilled when its next pod is ready, however long the former takes to go', (t) => {
  const refills = poolOf(1);
  t.is(refills.observe(podOf(0, 'a', { ready: true, taken: true }), 0), undefined);
  t.is(refills.observe(podOf(0, 'a', { terminating: true, taken: true }), 10_000), undefined);
  t.is(refills.observe(podOf(0, 'b', { createdAt: 17_000 }), 17_500), undefined);
  t.is(refills.observe(podOf(0, 'b', { ready: true }), 20_000), 10_000);
});

test('one that is claimed before it was seen to be ready has refilled the pool too', (t) => {
  const refills = poolOf(1);
  refills.observe(podOf(0, 'a', { createdAt: 1_000 }), 1_500);
  t.is(refills.observe(podOf(0, 'a', { ready: true, taken: true }), 4_000), 3_000);
});

test('one that is not Ready for a moment, or is taken and not Ready, is no refill', (t) => {
  const refills = poolOf(2);
  refills.observe(podOf(0, 'a', { ready: true }), 0);
  t.is(refills.observe(podOf(0, 'a'), 60_000), undefined);
  t.is(refills.observe(podOf(0, 'a', { ready: true }), 61_000), undefined);
  refills.observe(podOf(1, 'b'), 0);
  t.is(refills.observe(podOf(1, 'b', { taken: true }), 5_000), undefined);
});

test('an ordinal that was scaled away is not waited for', (t) => {
  const refills = poolOf(2);
  refills.observe(podOf(1, 'a', { terminating: true }), 1_000);
  refills.resize(1, 1_000);
  t.is(refills.observe(podOf(1, 'a', { terminating: true }), 1_100), undefined);
  refills.resize(2, 600_000);
  t.is(refills.observe(podOf(1, 'b', { ready: true }), 602_000), 2_000);
});

test('a pod that has ended makes its ordinal wait for the next one', (t) => {
  const refills = poolOf(1);
  refills.observe(podOf(0, 'a', { ready: true }), 0);
  t.is(refills.observe(podOf(0, 'a', { ended: 'Failed' }), 60_000), undefined);
  t.is(refills.observe(podOf(0, 'b', { createdAt: 61_000, ready: true }), 64_000), 4_000);
});
