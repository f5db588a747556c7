import test from 'ava';
import type { Opened } from '../../../common/terminals-api.ts';
import { forPage, patienceMs } from '../../../frontend/session/way.ts';

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

test('patience is shorter where there is another way to try', (t) => {
  t.is(patienceMs(opened, 'direct'), 3_000);
  t.is(patienceMs(opened, 'relay'), 4_000);
  t.is(patienceMs({ relay: 'never' }, 'direct'), 4_000);
});
