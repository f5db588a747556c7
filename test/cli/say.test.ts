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

test('say: without a terminal only lines, plain', (t) => {
  const { output, text } = collect(false);
  const say = createSay(output);
  say.progress('position 3');
  say.line('one');
  t.is(text(), 'warmterm: one\n');
});

test('say: on a terminal a line takes the place of what moved', (t) => {
  const { output, text } = collect(true);
  const say = createSay(output, { NO_COLOR: '1' });
  say.progress('position 3');
  say.line('one');
  say.clear();
  t.is(text(), '\r\x1b[K⠋ position 3\r\x1b[Kwarmterm: one\r\n');
});

test('say: the queue by position, and by time where that is known', (t) => {
  const waiting = { status: 'waiting', pool: 'default', place: 3, waiting: 7 } as const;
  t.is(describeQueue({ ...waiting, expectedSeconds: 40 }), 'position 3, about 40 s');
  t.is(describeQueue({ ...waiting, latestSeconds: 300 }), 'position 3, about 5 min');
  t.is(describeQueue(waiting), 'position 3');
});

test('table: columns are as wide as they need, lines end where their text does', (t) => {
  t.is(toTable(['A', 'LONG'], [['xyz', '1']]), 'A    LONG\nxyz  1\n');
  const at = Date.parse('2026-01-01T00:00:00Z');
  const ages = [5, 119, 120, 7_200, 172_800].map((seconds) => ageOf(new Date(at - seconds * 1_000).toISOString(), at));
  t.deepEqual(ages, ['5s', '119s', '2m', '2h', '2d']);
});
