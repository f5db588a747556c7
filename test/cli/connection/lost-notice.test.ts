import test from 'ava';
import { createLostNotice, quietMs } from '../../../cli/connection/lost-notice.ts';

function setUp() {
  const said: string[] = [];
  const timers = new Set<{ run: () => void; ms: number }>();
  const notice = createLostNotice(
    (text) => said.push(text),
    (run, ms) => {
      const timer = { run, ms };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  );
  const pass = () => {
    for (const timer of timers) {
      timers.delete(timer);
      timer.run();
    }
  };
  return { said, timers, notice, pass };
}

test('lost-notice: silent if the connection is back within two seconds', (t) => {
  const { said, timers, notice } = setUp();
  notice.lost();
  t.deepEqual(
    [...timers].map(({ ms }) => ms),
    [quietMs],
  );
  notice.lost();
  t.is(timers.size, 1);
  notice.back();
  t.is(timers.size, 0);
  t.deepEqual(said, []);
});

test('lost-notice: reports a loss and the return once each', (t) => {
  const { said, notice, pass } = setUp();
  notice.lost();
  pass();
  notice.lost();
  notice.back();
  notice.back();
  t.is(said.length, 2);
  t.regex(said[0]!, /connection lost/);
  t.is(said[1], 'reconnected');
});
