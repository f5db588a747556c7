import test, { type ExecutionContext } from 'ava';
import { createThrottle } from '../../../manager/reconcile/throttle.ts';
import { FakeTime } from '../../helpers/fake-time.ts';

/** A pace whose work takes `costMs`. */
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

test('what is asked for in one turn is done once, and not before whoever asks goes on', async (t) => {
  const { time, ask, doneAt } = start(t, 0);
  for (let times = 0; times < 5; times++) ask();
  t.deepEqual(doneAt, []);
  await time.settle();
  t.deepEqual(doneAt, [0]);
  ask();
  await time.settle();
  t.deepEqual(doneAt, [0, 0], 'what costs nothing need not wait');
});

test('it rests for nine times as long as it took, and forgets nothing', async (t) => {
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

test('asked for without end, it takes a tenth of the time', async (t) => {
  const { time, ask, doneAt } = start(t, 3);
  const end = 3_000;
  while (time.now < end) {
    ask();
    await time.pass(1);
  }
  t.true(Math.abs(doneAt.length - end / 30) <= 1, `${doneAt.length} times`);
});

test('after a rest it is done at once again', async (t) => {
  const { time, ask, doneAt } = start(t, 3);
  ask();
  await time.pass(1_000);
  const { now } = time;
  ask();
  await time.settle();
  t.deepEqual(doneAt, [0, now]);
});

test('inv 6: a process that was stopped in the middle of its work does not rest for minutes', async (t) => {
  const { time, ask, doneAt } = start(t, 15_000);
  ask();
  await time.settle();
  ask();
  await time.pass(1_000);
  t.deepEqual(doneAt, [0, 16_000]);
});
