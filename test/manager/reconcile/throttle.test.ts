import test, { type ExecutionContext } from 'ava';
import { createThrottle } from '../../../manager/reconcile/throttle.ts';
import { FakeTime } from '../../helpers/fake-time.ts';

/** A throttle whose work takes `costMs`. */
function start(t: ExecutionContext, costMs: number) {
  const time = new FakeTime();
  const doneAt: number[] = [];
  const work = () => {
    doneAt.push(time.now);
    time.now += costMs;
  };
  const ask = createThrottle({ work, ...time.clock() });
  t.deepEqual(doneAt, []);
  return { time, ask, doneAt };
}

test('throttle: requests of one turn share one run, after the turn', async (t) => {
  const { time, ask, doneAt } = start(t, 0);
  for (let times = 0; times < 5; times++) ask();
  t.deepEqual(doneAt, []);
  await time.settle();
  t.deepEqual(doneAt, [0]);
  ask();
  await time.settle();
  t.deepEqual(doneAt, [0, 0], 'what costs nothing need not wait');
});

test('throttle: rests for nine times as long as the work took, and keeps requests', async (t) => {
  const { time, ask, doneAt } = start(t, 3);
  ask();
  await time.settle();
  ask();
  ask();
  await time.pass(26);
  t.deepEqual(doneAt, [0], 'three milliseconds of work, of rest not quite 27');
  await time.pass(1);
  t.deepEqual(doneAt, [0, 30]);
});

test('throttle: takes a tenth of the time under constant requests', async (t) => {
  const { time, ask, doneAt } = start(t, 3);
  const end = 3_000;
  while (time.now < end) {
    ask();
    await time.pass(1);
  }
  t.true(Math.abs(doneAt.length - end / 30) <= 1, `${doneAt.length} times`);
});

test('throttle: runs at once after a rest', async (t) => {
  const { time, ask, doneAt } = start(t, 3);
  ask();
  await time.pass(1_000);
  const { now } = time;
  ask();
  await time.settle();
  t.deepEqual(doneAt, [0, now]);
});

test('inv 6: throttle: rests for at most a second after the process was suspended', async (t) => {
  const { time, ask, doneAt } = start(t, 15_000);
  ask();
  await time.settle();
  ask();
  await time.pass(1_000);
  t.deepEqual(doneAt, [0, 16_000]);
});
