import test from 'ava';
import { createApiClock } from '../../../manager/kubernetes/api-clock.ts';

const dateOf = (ms: number) => new Date(ms).toUTCString();
const noon = Date.UTC(2026, 0, 1, 12);

/** A machine whose wall clock starts at `wall`, and an API server whose clock starts at `api`. */
function setUp({ wall, api }: { wall: number; api: number }) {
  let passed = 5_000;
  let [set, apiSet] = [wall - passed, api - passed];
  const clock = createApiClock({ wall: () => set + passed, monotonic: () => passed });
  return {
    clock,
    apiTime: () => apiSet + passed,
    /** A request that takes `there` to reach the server, and whose answer takes `back`. */
    ask(there: number, back: number) {
      const sentAt = passed;
      passed += there;
      const date = dateOf(apiSet + passed);
      passed += back;
      clock.observe(date, sentAt);
    },
    pass(ms: number) {
      passed += ms;
    },
    setWall(by: number) {
      set += by;
    },
    setApi(by: number) {
      apiSet += by;
    },
  };
}

test('api clock: before the first answer, the local time', (t) => {
  const { clock } = setUp({ wall: noon, api: noon + 3_600_000 });
  t.is(clock.now(), noon);
  clock.observe(undefined, 0);
  clock.observe('soon', 0);
  t.is(clock.now(), noon);
});

test('api clock: a local clock that may be right is used', (t) => {
  for (const off of [-300, 0, 300]) {
    const { clock, ask, pass } = setUp({ wall: noon + 400, api: noon + 400 - off });
    ask(5, 5);
    pass(100);
    t.is(clock.now(), noon + 510);
  }
});

test('api clock: a local clock that is an hour off, or is set, does not matter', (t) => {
  const { clock, ask, apiTime, setWall, pass } = setUp({ wall: noon + 3_600_000, api: noon + 123 });
  ask(5, 5);
  t.true(Math.abs(clock.now() - apiTime()) <= 1_010);
  const before = clock.now();
  setWall(-86_400_000);
  t.is(clock.now(), before);
  pass(60_000);
  t.is(clock.now(), before + 60_000);
});

test('api clock: more answers make it more accurate, slow ones do no harm', (t) => {
  const { clock, ask, apiTime, pass } = setUp({ wall: 0, api: noon + 777 });
  for (let answer = 0; answer < 60; answer++) {
    ask(answer % 7 === 0 ? 4_000 : 3, answer % 5 === 0 ? 3_000 : 3);
    pass(1_037);
  }
  t.true(Math.abs(clock.now() - apiTime()) <= 50, `${clock.now() - apiTime()} ms`);
});

test('api clock: follows the clock of the API server when that is set', (t) => {
  const { clock, ask, apiTime, setApi } = setUp({ wall: noon, api: noon });
  ask(5, 5);
  for (const by of [-600_000, 86_400_000]) {
    setApi(by);
    ask(5, 5);
    t.true(Math.abs(clock.now() - apiTime()) <= 1_010);
  }
});
