import test from 'ava';
import { createLatestOnly } from '../../../terminal/search/latest-only.ts';

function start() {
  let now = 0;
  let timer: { run: () => void; ms: number } | undefined;
  const jobs = createLatestOnly({
    now: () => now,
    later: (run, ms) => {
      timer = { run, ms };
      return () => {
        timer = undefined;
      };
    },
  });
  const ran: string[] = [];
  /** Requests work that ends when the test ends it. */
  const ask = (name: string, options?: { urgent: boolean }) => {
    let end = () => {};
    const answer = jobs.run(
      () =>
        new Promise<string>((resolve) => {
          ran.push(name);
          end = () => resolve(name);
        }),
      options,
    );
    return {
      answer,
      async endAfter(ms: number) {
        now += ms;
        end();
        await answer;
      },
    };
  };
  return {
    ran,
    ask,
    jobs,
    rest: () => timer?.ms,
    wake: () => {
      const run = timer?.run;
      timer = undefined;
      run?.();
    },
  };
}

test('latest-only: runs only the latest waiting job', async (t) => {
  const { ran, ask, wake } = start();
  const first = ask('first');
  const second = ask('second');
  const third = ask('third');
  t.is(await second.answer, null);
  await first.endAfter(10);
  t.deepEqual(ran, ['first']);
  wake();
  await third.endAfter(10);
  t.deepEqual(ran, ['first', 'third']);
  t.is(await third.answer, 'third');
});

test('latest-only: rests as long as the job took, up to a limit', async (t) => {
  const { ask, rest, wake } = start();
  await ask('quick').endAfter(7);
  t.is(rest(), 7);
  wake();
  await ask('slow').endAfter(30_000);
  t.is(rest(), 1_000);
});

test('latest-only: an urgent job skips the rest', async (t) => {
  const { ran, ask, rest } = start();
  await ask('search').endAfter(100);
  const leave = ask('leave', { urgent: true });
  t.deepEqual(ran, ['search', 'leave']);
  t.is(rest(), undefined);
  await leave.endAfter(1);
  t.is(rest(), 1);
});

test('latest-only: a failed job rejects and does not block the next', async (t) => {
  const { jobs, ask, wake } = start();
  await t.throwsAsync(
    jobs.run(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  wake();
  const next = ask('next');
  await next.endAfter(1);
  t.is(await next.answer, 'next');
});
