import test from 'ava';
import { EventDigest, type Occurrence } from '../../../manager/events/event-digest.ts';

const ofPool = (reason: string, message: string): Occurrence => ({
  about: { kind: 'StatefulSet', name: 'default', uid: 'sts' },
  type: 'Normal',
  reason,
  message,
});
const ofPod = (uid: string): Occurrence => ({
  about: { kind: 'Pod', name: uid, uid },
  type: 'Normal',
  reason: 'Reaped',
  message: 'over',
});

test('event digest: records the first at once, and the rest of half a minute as one with a count', (t) => {
  const digest = new EventDigest();
  digest.add(ofPool('ScaledUp', 'to 1'), 1_000);
  t.like(digest.due(1_000), [{ message: 'to 1', count: 1, firstAt: 1_000, lastAt: 1_000 }]);
  digest.add(ofPool('ScaledUp', 'to 2'), 5_000);
  digest.add(ofPool('ScaledUp', 'to 3'), 9_000);
  t.deepEqual(digest.due(30_999), []);
  t.like(digest.due(31_000), [{ message: 'to 3', count: 2, firstAt: 5_000, lastAt: 9_000 }]);
  t.deepEqual(digest.due(61_000), []);
  digest.add(ofPool('ScaledUp', 'to 4'), 62_000);
  t.like(digest.due(62_000), [{ message: 'to 4', count: 1 }]);
});

test('event digest: other reasons, types and pools do not delay each other', (t) => {
  const digest = new EventDigest();
  const news = ofPool('Reaped', 'a');
  const others = [ofPool('ScaledUp', 'b'), { ...news, type: 'Warning' as const }];
  for (const each of [news, ...others, { ...news, about: { ...news.about, uid: 'other' } }]) digest.add(each, 0);
  t.is(digest.due(0).length, 4);
});

test('event digest: ten a second for an hour become 120 Events whose counts include all', (t) => {
  const digest = new EventDigest();
  let events = 0;
  let counted = 0;
  for (let now = 0; now < 3_600_000; now += 100) {
    digest.add(ofPool('Reaped', 'over'), now);
    for (const { count } of digest.due(now)) [events, counted] = [events + 1, counted + count];
  }
  for (const { count } of digest.due(3_630_000)) counted += count;
  t.is(events, 120);
  t.is(counted, 36_000);
});

test('event digest: a burst of twenty pod Events at once, then one every ten seconds', (t) => {
  const digest = new EventDigest();
  const told = (now: number, pods: number) => {
    for (let pod = 0; pod < pods; pod++) digest.add(ofPod(`${now}-${pod}`), now);
    return digest.due(now).length;
  };
  t.is(told(0, 50), 20);
  t.is(told(9_999, 50), 0);
  t.is(told(10_000, 50), 1);
  t.is(told(400_000, 50), 20);
  t.is(told(399_000, 1), 0, 'a clock that was set back earns nothing');
});

test('event digest: a clock that is set back suppresses nothing for longer', (t) => {
  const digest = new EventDigest();
  digest.add(ofPool('ScaledUp', 'before'), 10_000_000);
  t.is(digest.due(10_000_000).length, 1);
  digest.add(ofPool('ScaledUp', 'after'), 5_000);
  t.like(digest.due(5_000), [{ message: 'after' }]);
});
