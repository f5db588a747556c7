import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { readMetrics } from '../helpers/metrics.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';

test('metrics: counts requests by route and status with bounded labels', async (t) => {
  const { url, port, manager, metrics } = await startWebserver(t);
  const visitor = createVisitor(url);
  await visitor.send('GET', '/');
  await visitor.send('GET', '/host');
  await visitor.send('POST', '/api/terminals', { body: {} });
  await visitor.send('POST', '/api/terminals', { body: {} });
  await visitor.send('GET', '/API/Terminals/current/');
  await visitor.send('GET', '/readyz');
  for (let index = 0; index < 20; index++) await visitor.send('GET', `/wp-admin/${index}`);
  await visitor.send('PROPFIND', '/');

  manager.misbehave = () => 'hang';
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /api/terminals/current HTTP/1.1\r\nhost: h\r\nwarmterm-visitor: ${visitor.id}\r\n\r\n`);
  while (manager.requests.at(-1)?.method !== 'GET' || manager.requests.length < 4) await visitor.send('GET', '/readyz');
  socket.destroy();
  await once(socket, 'close');

  const samples = async () => readMetrics(await metrics());
  const count = async (method: string, route: string, status: number) =>
    (await samples()).get(`warmterm_http_requests_total{method="${method}",route="${route}",status="${status}"}`);
  while ((await count('GET', '/api/terminals/current', 0)) === undefined) await visitor.send('GET', '/readyz');
  t.is(await count('GET', '/', 200), 1);
  t.is(await count('GET', 'file', 200), 1);
  t.is(await count('POST', '/api/terminals', 201), 1);
  t.is(await count('POST', '/api/terminals', 200), 1);
  t.is(await count('GET', '/api/terminals/current', 200), 1);
  t.is(await count('GET', '/api/terminals/current', 0), 1);
  t.is(await count('GET', 'none', 404), 20);
  t.is(await count('other', 'none', 404), 1);
  const families = [...(await samples()).keys()];
  t.is(families.filter((name) => name.startsWith('warmterm_http_requests_total')).length, 9, families.join('\n'));
  t.is((await samples()).get('warmterm_http_request_duration_seconds_count{route="none"}'), 21);
});
