import test from 'ava';
import { heartbeat } from '../../../common/socket.ts';
import { FlowControl, flowLimits } from '../../../terminal/stream/flow-control.ts';

const limits = { start: 100, min: 20, max: 400, delayMs: 50 };

test('flow-control: pauses at a full window and resumes at half', (t) => {
  const flow = new FlowControl({ ...limits, max: 100 });
  t.false(flow.sent(99, 0));
  t.true(flow.sent(1, 0));
  t.false(flow.sent(10, 0), 'paused already');
  t.false(flow.acknowledged(59, 5));
  t.true(flow.acknowledged(1, 5));
  t.false(flow.acknowledged(1, 5), 'resumed already');
  t.is(flow.unacknowledged, 49);
});

test('flow-control: below the window, acknowledgements have no effect', (t) => {
  const flow = new FlowControl(limits);
  flow.sent(60, 0);
  t.false(flow.acknowledged(60, 5));
  t.false(flow.paused);
  t.is(flow.window, 100);
});

/** Floods a line with `delayMs` and `rate` bytes per ms. Returns the window, the wait for the rest, and the longest delay of a byte. */
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

test('flow-control: a fast connection reaches the maximum window', (t) => {
  t.is(flood({ delayMs: 1, rate: 30_000, ms: 1_000 }).window, 524_288);
});

test('flow-control: on a slow, distant connection a key waits less than seconds behind a flood', (t) => {
  // The typical throughput of TCP with 200 ms and 2 % loss.
  const { window, waitsMs } = flood({ delayMs: 100, rate: 63, ms: 20_000 });
  t.true(window >= 16_384 && window <= 32_768, `${window} bytes`);
  t.true(waitsMs <= 100 + 400, `${waitsMs} ms`);
});

test('flow-control: at 256 kbit/s, a ping waits less than half of its timeout behind a flood', (t) => {
  const { longestMs } = flood({ delayMs: 50, rate: 32, ms: 20_000 });
  t.true(longestMs < heartbeat.pingTimeout / 2, `${longestMs} ms`);
});

test('flow-control: keeps a fast, distant connection busy', (t) => {
  t.is(flood({ delayMs: 100, rate: 10_000, ms: 5_000 }).window, 524_288);
});

test('flow-control: a shrunken window grows again', (t) => {
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
  test(`inv 10: an acknowledgement of ${JSON.stringify(nonsense) ?? nonsense} (${typeof nonsense}) is ignored`, (t) => {
    const flow = new FlowControl(limits);
    flow.sent(100, 0);
    t.false(flow.acknowledged(nonsense, 5));
    t.is(flow.unacknowledged, 100);
  });
}

test('inv 10: flow-control: acknowledging more than was sent gives no credit', (t) => {
  const flow = new FlowControl({ ...limits, max: 100 });
  flow.sent(100, 0);
  t.true(flow.acknowledged(Number.POSITIVE_INFINITY, 5));
  t.is(flow.unacknowledged, 0);
  t.true(flow.sent(100, 5));
});
