import { Writable } from 'node:stream';
import test from 'ava';
import fc from 'fast-check';
import { inputAhead } from '../../../common/runs.ts';
import { RunInput } from '../../../terminal/runs/input.ts';

/** A pipe that completes a write when the test tells it to. */
function createPipe() {
  const waiting: (() => void)[] = [];
  let taken = '';
  const state = { ended: false };
  const pipe = new Writable({
    write: (bytes: Buffer, _encoding, done) => {
      waiting.push(() => {
        taken += bytes;
        done();
      });
    },
    final: (done) => {
      state.ended = true;
      done();
    },
  });
  const takeAll = async () => {
    while (waiting.length > 0) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { pipe, state, takeAll, taken: () => taken };
}

const piece = (offset: number, text: string, end = false) => ({ offset, bytes: Buffer.from(text), end });

test('input: acknowledged once the pipe has it', async (t) => {
  const { pipe, takeAll, taken } = createPipe();
  const input = new RunInput(pipe);
  let answered = 0;
  const answer = input.apply(piece(0, 'abc')).then((given) => {
    answered = given;
  });
  // A repeat after a lost connection waits for the same bytes.
  const again = input.apply(piece(0, 'abc'));
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual([answered, input.given], [0, 3]);
  await takeAll();
  await answer;
  t.deepEqual([answered, await again, taken()], [3, 3, 'abc']);
});

test('input: overlapping or repeated pieces are applied once', async (t) => {
  const text = 'The quick brown fox jumps over the lazy dog';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(10), fc.nat(10)), { maxLength: 20 }), async (moves) => {
      const { pipe, takeAll, taken } = createPipe();
      const input = new RunInput(pipe);
      for (const [back, length] of moves) {
        const from = Math.max(0, input.given - back);
        void input.apply(piece(from, text.slice(from, from + length)));
      }
      await takeAll();
      return taken() === text.slice(0, input.given);
    }),
  );
  t.pass();
});

test('input: refuses a gap, bytes after the end, and an early end', async (t) => {
  const { pipe, state, takeAll, taken } = createPipe();
  const input = new RunInput(pipe);
  await t.throwsAsync(input.apply(piece(1, 'x')), { message: /next offset is 0, not 1/ });
  void input.apply(piece(0, 'abc'));
  await t.throwsAsync(input.apply(piece(0, 'ab', true)));
  t.is(input.given, 3);
  const end = input.apply(piece(3, '', true));
  await takeAll();
  t.is(await end, 3);
  t.true(state.ended);
  t.is(await input.apply(piece(1, 'bc', true)), 3);
  await t.throwsAsync(input.apply(piece(3, 'd')));
  t.is(taken(), 'abc');
});

test('input: refuses more than the window, and accepts it later', async (t) => {
  const { pipe, takeAll } = createPipe();
  const input = new RunInput(pipe);
  const half = 'x'.repeat(inputAhead / 2);
  const answers = [input.apply(piece(0, half)), input.apply(piece(half.length, half))];
  await t.throwsAsync(input.apply(piece(inputAhead, 'y')), { message: /may wait/ });
  t.is(input.given, inputAhead);
  await takeAll();
  await Promise.all(answers);
  const more = input.apply(piece(inputAhead, 'y'));
  await takeAll();
  t.is(await more, inputAhead + 1);
});

test('input: after the command closes its input, everything counts as taken', async (t) => {
  const { pipe } = createPipe();
  const input = new RunInput(pipe);
  const waits = input.apply(piece(0, 'abc'));
  pipe.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  t.is(await waits, 3);
  t.is(await input.apply(piece(3, 'more', true)), 7);
});
