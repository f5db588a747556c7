import test from 'ava';
import { type Action, ActionRunner } from '../../../manager/reconcile/action-runner.ts';
import { silent } from '../../helpers/manager.ts';
import { nextTurn } from '../../helpers/model-cluster.ts';

function start() {
  const time = { now: 0 };
  const failures: string[] = [];
  const runner = new ActionRunner({
    log: silent,
    clock: () => time.now,
    random: () => 1,
    onFailure: (kind) => failures.push(kind),
  });
  let runs = 0;
  /** Runs the action, and returns whether it was started. */
  const attempt = async (run: () => Promise<void>, key: Action['key'] = { kind: 'scale', pool: 'default' }) => {
    const before = runs;
    const counted = () => {
      runs++;
      return run();
    };
    runner.run({ key, run: counted });
    await nextTurn();
    return runs > before;
  };
  return { time, runner, attempt, failures };
}

const fail = () => Promise.reject(new Error('no'));
const succeed = () => Promise.resolve();

test('action runner: runs an action once at a time', async (t) => {
  const { attempt } = start();
  let end = () => {};
  const running = new Promise<void>((resolve) => {
    end = resolve;
  });
  t.true(await attempt(() => running));
  t.false(await attempt(succeed));
  t.true(await attempt(succeed, { kind: 'shrink', pool: 'default' }), 'another kind');
  t.true(await attempt(succeed, { kind: 'scale', pool: 'other' }), 'another pool');
  t.true(await attempt(succeed, { kind: 'scale', pool: 'default', target: 1 }), 'another target');
  end();
  await nextTurn();
  t.true(await attempt(succeed));
});

test('action runner: backs off after failures, and starts over after a success', async (t) => {
  const { time, attempt, failures } = start();
  for (const pauseMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    t.true(await attempt(fail));
    time.now += pauseMs - 1;
    t.false(await attempt(fail), `after ${pauseMs - 1} ms`);
    time.now += 1;
  }
  t.is(failures.length, 8);
  t.is(failures[0], 'scale');
  t.true(await attempt(succeed));
  t.true(await attempt(fail));
  time.now += 500;
  t.true(await attempt(succeed));
});

test('action runner: forgets a failure only when it is old', async (t) => {
  const { time, runner, attempt } = start();
  t.true(await attempt(fail));
  runner.forgetOldFailures();
  t.false(await attempt(fail), 'a recent failure still counts');
  time.now += 500;
  t.true(await attempt(fail));
  time.now += 31_001;
  runner.forgetOldFailures();
  t.true(await attempt(fail));
  time.now += 500;
  t.true(await attempt(succeed), 'the back-off has started over');
});
