import { once } from 'node:events';
import test from 'ava';
import { createManagerClient } from '../../webserver/manager-client.ts';
import { listen } from '../helpers/webserver-listen.ts';

test('manager-client: retries refused connections', async (t) => {
  const { url, port, server } = await listen(t, (_request, response) => response.end('{"pools":[]}'));
  server.close();
  await once(server, 'close');
  let tries = 0;
  const readToken = async () => {
    // The first try has been refused by then.
    if (++tries === 2) await once(server.listen(port, '127.0.0.1'), 'listening');
    return 'a token';
  };
  t.deepEqual(await createManagerClient({ url, readToken, deadlineMs: 5_000 }).pools(), { pools: [] });
  t.true(tries >= 2);
});

test('manager-client: does not repeat a request that may have arrived', async (t) => {
  let requests = 0;
  const { url } = await listen(t, (request) => {
    requests++;
    request.socket.destroy();
  });
  const client = createManagerClient({ url, readToken: async () => 'a token', deadlineMs: 5_000 });
  const restart = client.restart(
    {
      visitor: 'v'.repeat(43),
      pool: undefined,
      address: 'a'.repeat(43),
      place: undefined,
      promised: undefined,
      challenge: 'unsolved',
    },
    new AbortController().signal,
  );
  await t.throwsAsync(restart, { code: 'unavailable' });
  t.is(requests, 1);
});
