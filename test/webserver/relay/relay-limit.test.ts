import test from 'ava';
import { createRelayLimit } from '../../../webserver/relay/relay-limit.ts';

const refused = { code: 'unavailable' };

test('relay-limit: admits up to the limit, and a release frees one slot', (t) => {
  const limit = createRelayLimit(2);
  const leave = limit.acquire('ann');
  limit.acquire('bob');
  t.throws(() => limit.acquire('cat'), refused);
  leave();
  // A second call must not release another connection.
  leave();
  limit.acquire('cat');
  t.throws(() => limit.acquire('dan'), refused);
});

test('relay-limit: sixteen connections per visitor', (t) => {
  const limit = createRelayLimit(100);
  const leave = Array.from({ length: 16 }, () => limit.acquire('ann'));
  t.throws(() => limit.acquire('ann'), refused);
  limit.acquire('bob');
  leave[0]?.();
  limit.acquire('ann');
  t.throws(() => limit.acquire('ann'), refused);
});
