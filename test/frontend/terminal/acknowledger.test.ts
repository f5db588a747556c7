import test from 'ava';
import { createAcknowledger } from '../../../frontend/terminal/acknowledger.ts';

test('acknowledger: bytes are acknowledged in batches, each once', (t) => {
  const sent: number[] = [];
  const parsed = createAcknowledger(100, (bytes) => sent.push(bytes));
  for (const bytes of [60, 30, 30, 99, 1, 250]) parsed(bytes);
  t.deepEqual(sent, [120, 100, 250]);
});
