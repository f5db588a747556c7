import test from 'ava';
import { heartbeat } from '../../../common/socket.ts';
import { FlowControl, flowLimits } from '../../../terminal/stream/flow-control.ts';

const limits = { start: 100, least: 20, most: 400, delayMs: 50 };

test('it pauses once when the window is full, and resumes once at half of it', (t) => {
  const flow = new FlowControl({ ...limits, most: 100 });
  t.false(flow.sent(99, 0));
  t.true(flow.sent(1, 0));
  t.false(flow.sent(10, 0), 'paused already');
  t.false(flow.acknowledged(59, 5));
  t.true(flow.acknowledged(1, 5));
  t.false(flow.acknowledged(1, 5), 'resumed already');
  t.is(flow.unacknowledged, 49);
});

test('below the window acknowledgements change nothing', (t) => {
  const flow = new FlowControl(limits);
  flow.sent(60, 0);
  t.false(flow.acknowledged(60, 5));
  t.false(flow.paused);
  t.is(flow.window, 100);
});

/** A line with a delay of its own and so many bytes per millisecond, flooded: how much is on its way in the end, and how long the last byte took at most. */
function flood({ delayMs, rate, ms }: { delayMs: number; rate: number; ms: number }) {
  const flow = new FlowControl(flowLimits);
  const arrivals: { bytes: number; at: number }[] = [];
  let free = 0;
  let longestMs = 0;
  for (let now = 0; now < ms; now++) {
    for (let piece = 0; piece < 64 && !flow.paused; piece++) {
      flow.sent(4_096, now);
      free = Math.max(free, now) + 4_096 / rate;
      arrivals.push({ bytes: 4_096, at: free + delayMs });
      longestMs = Math.max(longestMs, free + delayMs - now);
    }
    while (arrivals[0] && arrivals[0].at <= now) flow.acknowledged(arrivals.shift()?.bytes, now);
  }
  return { window: flow.window, waitsMs: flow.unacknowledged / rate, longestMs };
}

test('on a quick line as much is under way as is allowed', (t) => {
  t.is(flood({ delayMs: 1, rate: 30_000, ms: 1_000 }).window, 524_288);
});

test('on a slow and distant line, a key does not wait behind seconds of a flood', (t) => {
  // What TCP makes of 200 ms and 2 % loss, as a rule.
  const { window, waitsMs } = flood({ delayMs: 100, rate: 63, ms: 20_000 });
  t.true(window >= 16_384 && window <= 32_768, `${window} bytes`);
  t.true(waitsMs <= 100 + 400, `${waitsMs} ms`);
});

test('on a line of 256 kbit/s a ping never waits behind a flood for half of the time that its answer may take', (t) => {
  const { longestMs } = flood({ delayMs: 50, rate: 32, ms: 20_000 });
  t.true(longestMs < heartbeat.pingTimeout / 2, `${longestMs} ms`);
});

test('a distant line that is quick is kept busy', (t) => {
  t.is(flood({ delayMs: 100, rate: 10_000, ms: 5_000 }).window, 524_288);
});

test('a window that has shrunk grows again', (t) => {
  const flow = new FlowControl(limits);
  flow.sent(100, 0);
  flow.acknowledged(100, 1);
  flow.sent(200, 10);
  flow.acknowledged(200, 1_010);
  t.is(flow.window, 20);
  for (let now = 2_000; now < 2_020; now++) {
    flow.sent(flow.window, now);
    flow.acknowledged(flow.unacknowledged, now + 1);
  }
  t.is(flow.window, 400);
});

for (const nonsense of [Number.NaN, -5, 0, '60', null, undefined, {}, [60]]) {
  test(`inv 10: an acknowledgement of ${JSON.stringify(nonsense) ?? nonsense} (${typeof nonsense}) is none`, (t) => {
    const flow = new FlowControl(limits);
    flow.sent(100, 0);
    t.false(flow.acknowledged(nonsense, 5));
    t.is(flow.unacknowledged, 100);
  });
}

test('inv 10: more than was sent gives no advance', (t) => {
  const flow = new FlowControl({ ...limits, most: 100 });
  flow.sent(100, 0);
  t.true(flow.acknowledged(Number.POSITIVE_INFINITY, 5));
  t.is(flow.unacknowledged, 0);
  t.true(flow.sent(100, 5));
});
