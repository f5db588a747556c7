import test from 'ava';
import type { Opened } from '../../common/terminals-api.ts';
import { attemptAt, forPage, missedAfter, type Way } from '../../common/way.ts';

const opened = { relay: 'fallback', url: 'http://192.0.2.7:30123' } as Opened;

test('an https page does not try a way that is closed to it, if there is another', (t) => {
  t.is(forPage(opened, 'https:').relay, 'always');
  for (const [one, protocol] of [
    [opened, 'http:'],
    [{ ...opened, url: 'https://default-0.example.org' }, 'https:'],
    [{ ...opened, relay: 'never' } as const, 'https:'],
  ] as const) {
    t.is(forPage(one, protocol), one);
  }
});

test('three seconds for the direct way, in two attempts, where there is another way to try', (t) => {
  const patience = [0, 1].map((missed) => {
    const { way, patienceMs } = attemptAt(opened, missed);
    t.is(way, 'direct');
    return patienceMs;
  });
  t.is(patience[0]! + patience[1]!, 3_000);
  for (const missed of [2, 3]) t.is(attemptAt(opened, missed).way, 'relay');
  for (const missed of [0, 5]) {
    t.is(attemptAt({ relay: 'never' }, missed).way, 'direct');
    t.is(attemptAt({ relay: 'always' }, missed).way, 'relay');
  }
});

test('where the direct way is blocked and the relay fails at times, the direct way gets one attempt between', (t) => {
  const ways: Way[] = [];
  for (let missed = 0; ways.length < 7; ) {
    const { way } = attemptAt(opened, missed);
    ways.push(way);
    missed = missedAfter(missed, way);
  }
  t.deepEqual(ways, ['direct', 'direct', 'relay', 'direct', 'relay', 'direct', 'relay']);
});
