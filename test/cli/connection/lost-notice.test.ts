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

test('lost line: nothing is said when it is back within two seconds', (t) => {
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

test('lost line: it is said once, and so is the return', (t) => {
  const { said, notice, pass } = setUp();
  notice.lost();
  pass();
  notice.lost();
  notice.back();
  notice.back();
  t.is(said.length, 2);
  t.regex(said[0]!, /the line is lost/);
  t.is(said[1], 'reconnected');
});
