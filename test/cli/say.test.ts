import test from 'ava';
import { createSay, describeQueue } from '../../cli/say.ts';
import { ageOf, toTable } from '../../cli/table.ts';

const collect = (isTTY: boolean) => {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  return { output: { write, isTTY }, text: () => text };
};

test('say: without a terminal, plain lines only', (t) => {
  const { output, text } = collect(false);
  const say = createSay(output);
  say.progress('position 3');
  say.line('one');
  t.is(text(), 'warmterm: one\n');
});

test('say: on a terminal, a line replaces the progress', (t) => {
  const { output, text } = collect(true);
  const say = createSay(output, { NO_COLOR: '1' });
  say.progress('position 3');
  say.line('one');
  say.clear();
  t.is(text(), '\r\x1b[K⠋ position 3\r\x1b[Kwarmterm: one\r\n');
});

test('say: shows the position in the queue, and the estimate if known', (t) => {
  const waiting = { status: 'waiting', pool: 'default', place: 3, waiting: 7 } as const;
  t.is(describeQueue({ ...waiting, expectedSeconds: 40 }), 'position 3, about 40 s');
  t.is(describeQueue({ ...waiting, latestSeconds: 300 }), 'position 3, about 5 min');
  t.is(describeQueue(waiting), 'position 3');
});

test('table: columns fit their content, without trailing spaces', (t) => {
  t.is(toTable(['A', 'LONG'], [['xyz', '1']]), 'A    LONG\nxyz  1\n');
  const at = Date.parse('2026-01-01T00:00:00Z');
  const ages = [5, 119, 120, 7_200, 172_800].map((seconds) => ageOf(new Date(at - seconds * 1_000).toISOString(), at));
  t.deepEqual(ages, ['5s', '119s', '2m', '2h', '2d']);
});
