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

test('refills: growth is refilled when the pod of the new ordinal is ready', (t) => {
  const refills = poolOf(1);
  refills.resize(2, 5_000);
  t.is(refills.observe(podOf(1, 'a'), 5_100), undefined);
  t.is(refills.observe(podOf(1, 'a', { ready: true }), 8_250), 3_250);
  t.is(refills.observe(podOf(1, 'a', { ready: true, version: 2 }), 9_000), undefined, 'once');
});

test('refills: a session is refilled when the next pod of its ordinal is ready, however long the deletion takes', (t) => {
  const refills = poolOf(1);
  t.is(refills.observe(podOf(0, 'a', { ready: true, taken: true }), 0), undefined);
  t.is(refills.observe(podOf(0, 'a', { terminating: true, taken: true }), 10_000), undefined);
  t.is(refills.observe(podOf(0, 'b', { createdAt: 17_000 }), 17_500), undefined);
  t.is(refills.observe(podOf(0, 'b', { ready: true }), 20_000), 10_000);
});

test('refills: a pod that is claimed before it was seen ready counts', (t) => {
  const refills = poolOf(1);
  refills.observe(podOf(0, 'a', { createdAt: 1_000 }), 1_500);
  t.is(refills.observe(podOf(0, 'a', { ready: true, taken: true }), 4_000), 3_000);
});

test('refills: a pod that is briefly not Ready, or is claimed and not Ready, does not count', (t) => {
  const refills = poolOf(2);
  refills.observe(podOf(0, 'a', { ready: true }), 0);
  t.is(refills.observe(podOf(0, 'a'), 60_000), undefined);
  t.is(refills.observe(podOf(0, 'a', { ready: true }), 61_000), undefined);
  refills.observe(podOf(1, 'b'), 0);
  t.is(refills.observe(podOf(1, 'b', { taken: true }), 5_000), undefined);
});

test('refills: ends the wait for an ordinal that was scaled away', (t) => {
  const refills = poolOf(2);
  refills.observe(podOf(1, 'a', { terminating: true }), 1_000);
  refills.resize(1, 1_000);
  t.is(refills.observe(podOf(1, 'a', { terminating: true }), 1_100), undefined);
  refills.resize(2, 600_000);
  t.is(refills.observe(podOf(1, 'b', { ready: true }), 602_000), 2_000);
});

test('refills: waits for the replacement of a pod that has ended', (t) => {
  const refills = poolOf(1);
  refills.observe(podOf(0, 'a', { ready: true }), 0);
  t.is(refills.observe(podOf(0, 'a', { ended: 'Failed' }), 60_000), undefined);
  t.is(refills.observe(podOf(0, 'b', { createdAt: 61_000, ready: true }), 64_000), 4_000);
});
