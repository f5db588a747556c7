import test from 'ava';
import { attemptAt, forPage, missedAfter, type Route } from '../../common/route.ts';
import type { Opened } from '../../common/terminals-api.ts';

const opened = { relay: 'fallback', url: 'http://192.0.2.7:30123' } as Opened;

test('route: an https page uses the relay instead of an http terminal', (t) => {
  t.is(forPage(opened, 'https:').relay, 'always');
  for (const [one, protocol] of [
    [opened, 'http:'],
    [{ ...opened, url: 'https://default-0.example.org' }, 'https:'],
    [{ ...opened, relay: 'never' } as const, 'https:'],
  ] as const) {
    t.is(forPage(one, protocol), one);
  }
});

test('route: with fallback, two direct attempts take three seconds, then the relay', (t) => {
  const patience = [0, 1].map((missed) => {
    const { route, patienceMs } = attemptAt(opened, missed);
    t.is(route, 'direct');
    return patienceMs;
  });
  t.is(patience[0]! + patience[1]!, 3_000);
  for (const missed of [2, 3]) t.is(attemptAt(opened, missed).route, 'relay');
  for (const missed of [0, 5]) {
    t.is(attemptAt({ relay: 'never' }, missed).route, 'direct');
    t.is(attemptAt({ relay: 'always' }, missed).route, 'relay');
  }
});

test('route: after each failure of the relay, the direct route gets one attempt', (t) => {
  const routes: Route[] = [];
  for (let missed = 0; routes.length < 7; ) {
    const { route } = attemptAt(opened, missed);
    routes.push(route);
    missed = missedAfter(missed, route);
  }
  t.deepEqual(routes, ['direct', 'direct', 'relay', 'direct', 'relay', 'direct', 'relay']);
});
