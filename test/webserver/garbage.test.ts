// Garbage to the webserver: it is refused, leaves no connection open, and the server keeps working.

import test, { type ExecutionContext } from 'ava';
import { createRandom } from '../../bench/simulate/random.ts';
import { paths } from '../../common/terminals-api.ts';
import { bombard, send, watchConnections } from '../helpers/garbage.ts';
import { longOnly, seedOf } from '../helpers/long.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { hostToken, startWebserver } from '../helpers/webserver-app.ts';

test('inv 10, 12: a thousand garbage requests are refused and leave no connection', async (t) => {
  const { url, port, logged } = await startWebserver(t, { WARMTERM_TRUST_PROXY: 'loopback' });
  const open = watchConnections(t, port);
  const seed = seedOf(t);
  const pages = ['/', '/host', '/healthz', '/readyz', '/index.html', '/assets/{}', '/{}'];
  const known = [`Authorization: Bearer ${hostToken}`, `Warmterm-Visitor: ${proposedId()}`];
  const target = { port, paths: [...Object.values(paths), ...pages], known };
  const { statuses, failures } = await bombard(target, createRandom(seed));
  t.deepEqual(failures, [], `seed ${seed}`);
  t.true((statuses.get(400) ?? 0) > 200, `${[...statuses]}`);
  t.deepEqual(
    logged()
      .split('\n')
      .filter((line) => line.includes('request failed')),
    [],
    `seed ${seed}`,
  );
  while (open.size > 0) await new Promise(setImmediate);
  t.is((await fetch(`${url}/healthz`)).status, 200);
});

const post = 'POST /api/terminals HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

for (const [what, status, request] of [
  ['nothing', 408, ''],
  ['half a header', 408, 'GET / HTTP/1.1\r\nHost: exam'],
  // The server reads no body after an upgrade request, so no body timeout applies.
  ['half a body to another protocol', 400, `${post}${upgrade}Content-Length: 50\r\n\r\n{`],
  ['a body to another protocol', 400, `${post}${upgrade}Content-Length: 2\r\n\r\n{}`],
] as const) {
  const title = `inv 12: a client that sends ${what}, and then is silent, gets ${status}`;
  const respond = (options: { headersTimeoutMs?: number }) => async (t: ExecutionContext) => {
    const { port } = await startWebserver(t, {}, options);
    t.deepEqual(await send(port, request, 'say nothing'), [status]);
  };
  test(title, respond({ headersTimeoutMs: 500 }));
  if (status === 408) longOnly(test, `${title}, at the timeout of production`, respond({}));
}
