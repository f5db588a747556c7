import test from 'ava';
import { createTurns } from '../../../terminal/search/turns.ts';

function start() {
  let now = 0;
  let timer: { run: () => void; ms: number } | undefined;
  const turns = createTurns({
    now: () => now,
    later: (run, ms) => {
      timer = { run, ms };
      return () => {
        timer = undefined;
      };
    },
  });
  const ran: string[] = [];
  /** Asks for work that ends when it is told to. */
  const ask = (name: string, options?: { urgent: boolean }) => {
    let end = () => {};
    const answer = turns.take(
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
    turns,
    rest: () => timer?.ms,
    wake: () => {
      const run = timer?.run;
      timer = undefined;
      run?.();
    },
  };
}

test('of those that wait only the last has its turn', async (t) => {
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

test('it rests for as long as the work took, within reason', async (t) => {
  const { ask, rest, wake } = start();
  await ask('quick').endAfter(7);
  t.is(rest(), 7);
  wake();
  await ask('slow').endAfter(30_000);
  t.is(rest(), 1_000);
});

test('what is urgent waits for the work, and not for the rest', async (t) => {
  const { ran, ask, rest } = start();
  await ask('search').endAfter(100);
  const leave = ask('leave', { urgent: true });
  t.deepEqual(ran, ['search', 'leave']);
  t.is(rest(), undefined);
  await leave.endAfter(1);
  t.is(rest(), 1);
});

test('work that fails is told, and does not stop what comes after', async (t) => {
  const { turns, ask, wake } = start();
  await t.throwsAsync(
    turns.take(() => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  wake();
  const next = ask('next');
  await next.endAfter(1);
  t.is(await next.answer, 'next');
});
