import test from 'ava';
import { InputWriter } from '../../../terminal/stream/input-writer.ts';

/** A pty that takes `room` bytes and then refuses, and a timer that the test fires. */
function fakePty(room: number) {
  const pty = { room, written: '', largest: 0, waits: [] as number[], backlog: [] as boolean[], broken: false };
  let next: (() => void) | undefined;
  const writer = new InputWriter({
    writeSome: (bytes) => {
      if (pty.broken) throw new Error('gone');
      const taken = Math.min(pty.room, bytes.length);
      pty.room -= taken;
      pty.written += bytes.subarray(0, taken).toString();
      pty.largest = Math.max(pty.largest, bytes.length);
      return taken;
    },
    later: (run, ms) => {
      pty.waits.push(ms);
      next = run;
    },
    onBacklog: (full) => pty.backlog.push(full),
  });
  const fire = () => {
    const run = next;
    next = undefined;
    run?.();
    return run !== undefined;
  };
  return { pty, writer, fire };
}

test('input-writer: writes a key synchronously', (t) => {
  const { pty, writer } = fakePty(10);
  writer.write(Buffer.from('x'));
  t.is(pty.written, 'x');
  t.deepEqual(pty.waits, []);
});

test('input-writer: writes a paste in pieces of 4 KiB and yields after 64 KiB', (t) => {
  const { pty, writer, fire } = fakePty(Number.POSITIVE_INFINITY);
  const text = 'ab'.repeat(100_000);
  writer.write(Buffer.from(text));
  t.is(pty.written.length, 65_536);
  writer.write(Buffer.from('!'));
  while (fire());
  t.is(pty.written, `${text}!`);
  t.is(pty.largest, 4_096);
  t.is(writer.pending, 0);
});

test('input-writer: retries a stalled reader with back-off and loses no byte', (t) => {
  const { pty, writer, fire } = fakePty(3);
  writer.write(Buffer.from('abcdef'));
  for (let turn = 0; turn < 6; turn += 1) fire();
  t.deepEqual(pty.waits, [1, 2, 4, 8, 16, 16, 16]);
  pty.room = 100;
  fire();
  t.is(pty.written, 'abcdef');
  writer.write(Buffer.from('g'));
  t.is(pty.written, 'abcdefg');
});

test('input-writer: reports a full backlog, and when there is room again', (t) => {
  const { pty, writer, fire } = fakePty(0);
  for (let i = 0; i < 300; i += 1) writer.write(Buffer.alloc(65_536, 'x'));
  t.deepEqual([...new Set(pty.backlog)], [true]);
  pty.room = Number.POSITIVE_INFINITY;
  while (fire());
  t.is(pty.backlog.at(-1), false);
  t.is(writer.pending, 0);
});

test('input-writer: discards input when the pty is gone', (t) => {
  const { pty, writer, fire } = fakePty(1);
  writer.write(Buffer.from('abc'));
  pty.broken = true;
  fire();
  t.is(writer.pending, 0);
  writer.write(Buffer.from('d'));
  t.is(pty.written, 'a');
});

test('input-writer: holds input back, in order, until all holds settle', async (t) => {
  const { pty, writer } = fakePty(100);
  let finish = () => {};
  writer.hold(
    new Promise<void>((resolve) => {
      finish = resolve;
    }),
  );
  const failed = Promise.reject(new Error('tmux is gone'));
  writer.hold(failed);
  writer.write(Buffer.from('ab'));
  await failed.catch(() => {});
  writer.write(Buffer.from('c'));
  t.is(pty.written, '');
  finish();
  await Promise.resolve();
  t.is(pty.written, 'abc');
});
