import test from 'ava';
import { FlowControl } from '../../../terminal/stream/flow-control.ts';

const limits = { high: 100, low: 50 };

test('it pauses once at the high mark, and resumes once at the low one', (t) => {
  const flow = new FlowControl(limits);
  t.false(flow.sent(99));
  t.true(flow.sent(1));
  t.false(flow.sent(10), 'paused already');
  t.false(flow.acknowledged(59));
  t.true(flow.acknowledged(1));
  t.false(flow.acknowledged(1), 'resumed already');
  t.is(flow.unacknowledged, 49);
});

test('below the high mark acknowledgements change nothing', (t) => {
  const flow = new FlowControl(limits);
  flow.sent(60);
  t.false(flow.acknowledged(60));
  t.false(flow.paused);
});

for (const nonsense of [Number.NaN, -5, 0, '60', null, undefined, {}, [60]]) {
  test(`inv 10: an acknowledgement of ${JSON.stringify(nonsense) ?? nonsense} (${typeof nonsense}) is none`, (t) => {
    const flow = new FlowControl(limits);
    flow.sent(100);
    t.false(flow.acknowledged(nonsense));
    t.is(flow.unacknowledged, 100);
  });
}

test('inv 10: more than was sent gives no advance', (t) => {
  const flow = new FlowControl(limits);
  flow.sent(100);
  t.true(flow.acknowledged(Number.POSITIVE_INFINITY));
  t.is(flow.unacknowledged, 0);
  t.true(flow.sent(100));
});
