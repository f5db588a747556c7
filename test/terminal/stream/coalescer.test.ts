import test from 'ava';
import fc from 'fast-check';
import { Coalescer } from '../../../terminal/stream/coalescer.ts';
import { histories, quick } from '../../helpers/long.ts';

const byte = (text: string) => Buffer.from(text);

test('coalescer: sends a single chunk at once', (t) => {
  const coalescer = new Coalescer();
  for (let now = 0; now < 100; now += 1) t.is(coalescer.push(byte('x'), now)?.toString(), 'x');
  t.is(coalescer.flushAt, undefined);
});

test('coalescer: after a burst of four, delays by four milliseconds', (t) => {
  const coalescer = new Coalescer();
  const sent = [...'abcdef'].map((text) => coalescer.push(byte(text), 10)?.toString());
  t.deepEqual(sent, ['a', 'b', 'c', 'd', undefined, undefined]);
  t.is(coalescer.flushAt, 14);
  t.is(coalescer.push(byte('g'), 13), undefined, 'what waits goes first, although there would be a token');
  t.is(coalescer.flush()?.toString(), 'efg');
  t.is(coalescer.flushAt, undefined);
  t.is(coalescer.flush(), undefined);
});

test('coalescer: sends a batch at its maximum size or delay', (t) => {
  const limits = { burst: 0, refillMs: 1, windowMs: 4, maxBytes: 3 };
  const large = new Coalescer(limits);
  t.is(large.push(byte('ab'), 0), undefined);
  t.is(large.push(byte('c'), 0)?.toString(), 'abc');
  const late = new Coalescer(limits);
  t.is(late.push(byte('a'), 0), undefined);
  t.is(late.push(byte('b'), 5)?.toString(), 'ab');
});

test('coalescer: property: output is complete, in order and at most four milliseconds late', (t) => {
  const chunks = fc.array(fc.record({ after: fc.nat(10), text: fc.string({ minLength: 1, maxLength: 50 }) }));
  fc.assert(
    fc.property(chunks, (pushes) => {
      const coalescer = new Coalescer();
      let [now, sent] = [0, ''];
      for (const { after, text } of pushes) {
        now += after;
        if (coalescer.flushAt !== undefined && coalescer.flushAt <= now) sent += coalescer.flush()?.toString();
        sent += coalescer.push(Buffer.from(text), now)?.toString() ?? '';
        if (coalescer.flushAt !== undefined && coalescer.flushAt > now + 4) return false;
      }
      sent += coalescer.flush()?.toString() ?? '';
      return sent === pushes.map(({ text }) => Buffer.from(text).toString()).join('');
    }),
    histories(t, quick),
  );
  t.pass();
});
