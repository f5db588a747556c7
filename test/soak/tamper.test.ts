import test from 'ava';
import { createFaults, type LineFault } from '../../soak/faults.ts';
import { tamper } from '../../soak/tamper.ts';

const event = (version: number) => JSON.stringify({ type: 'MODIFIED', object: { version } });
const bookmark = '{"type":"BOOKMARK","object":{}}';

async function* from(lines: string[]) {
  yield* lines;
}

/** The output for `lines` when the first ones have these faults. */
async function through(lines: string[], ...faults: (LineFault['kind'] | undefined)[]) {
  const written: string[] = [];
  const counted: string[] = [];
  const next = () => {
    const kind = faults.shift();
    return kind && ({ kind, ms: 1 } as LineFault);
  };
  const end = await tamper(
    from(lines),
    { ofEvent: next, count: (kind) => void counted.push(kind) },
    (text) => void written.push(text),
    () => new Promise(() => {}),
  );
  return { text: written.join(''), end, counted };
}

test('tamper: passes everything on without faults', async (t) => {
  const { text, end, counted } = await through([event(1), bookmark, event(2)]);
  t.is(text, `${event(1)}\n${bookmark}\n${event(2)}\n`);
  t.is(end, 'ended');
  t.deepEqual(counted, []);
});

test('tamper: repeats or reorders events', async (t) => {
  const { text, counted } = await through([event(1), event(2), event(3)], 'duplicated event', 'reordered event');
  t.is(text, `${event(1)}\n${event(1)}\n${event(3)}\n${event(2)}\n`);
  t.deepEqual(counted, ['duplicated event', 'reordered event']);
});

test('tamper: delivers a delayed event before a bookmark and before the end', async (t) => {
  t.is((await through([event(1), bookmark], 'reordered event')).text, `${event(1)}\n${bookmark}\n`);
  t.is((await through([event(1)], 'reordered event')).text, `${event(1)}\n`);
});

test('tamper: a broken watch ends with half an event', async (t) => {
  const { text, end } = await through([event(1), event(2)], undefined, 'half-written event');
  t.is(end, 'broken');
  t.true(text.startsWith(`${event(1)}\n{"type"`) && !text.endsWith('\n'));
});

test('tamper: an expired watch sends an event with code 410 and ends', async (t) => {
  const { text, end } = await through([event(1), event(2)], 'expired watch');
  t.is(end, 'ended');
  t.like(JSON.parse(text), { type: 'ERROR', object: { code: 410 } });
});

test('faults: depend on the seed only, and start on request', (t) => {
  const draw = (seed: number) => {
    let state = seed;
    const faults = createFaults(() => {
      state = (state * 16_807) % 2_147_483_647;
      return state / 2_147_483_647;
    });
    const quiet = faults.ofRequest('write') ?? faults.ofEvent();
    faults.set({ requests: 0.5, events: 0.5 });
    return { quiet, drawn: Array.from({ length: 200 }, () => [faults.ofRequest('list'), faults.ofEvent()]) };
  };
  t.deepEqual(draw(7), draw(7));
  t.notDeepEqual(draw(7), draw(8));
  t.is(draw(7).quiet, undefined);
  const kinds = new Set(
    draw(7)
      .drawn.flat()
      .map((fault) => fault?.kind),
  );
  t.true(kinds.has('stale list') && kinds.has('lost response') && kinds.has('reordered event') && !kinds.has('409'));
});
