// What the soak knows of a visitor who requests a terminal.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import test from 'ava';
import type { Claim } from '../../common/manager-api.ts';
import type { Manager } from '../../soak/managers.ts';
import { createVisitors, type VisitorsOptions } from '../../soak/visitors.ts';
import { listen } from '../helpers/webserver-listen.ts';

const answer: Claim = {
  status: 'new',
  name: 'default-0',
  uid: 'a',
  pool: 'default',
  address: { protocol: 'http', host: '127.0.0.1', port: 1 },
  claimedAt: new Date(0).toISOString(),
  expiresAt: new Date(0).toISOString(),
  idleTimeoutMs: 1,
  ticket: 'ticket',
};

test('visitors: a visitor has asked as long as the request waits, and not after its answer', async (t) => {
  const { url, server } = await listen(t, () => {});
  const manager = { name: 'manager-0', url, ranSince: () => false } as unknown as Manager;
  const options = { managers: [manager], token: () => 'token', random: () => 0, deadlineMs: 10_000, onAnswer() {} };
  const visitors = createVisitors(options as unknown as VisitorsOptions);
  const visitor = visitors.arrive();
  t.false(visitors.hasAskedSince(visitor.hash, performance.now()));
  const requested = once(server, 'request');
  const claimed = visitors.claim(visitor);
  const [, response] = (await requested) as [unknown, ServerResponse];
  const whileWaiting = performance.now();
  t.true(visitors.hasAskedSince(visitor.hash, whileWaiting));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  t.true(await claimed);
  t.true(visitors.hasAskedSince(visitor.hash, whileWaiting));
  t.false(visitors.hasAskedSince(visitor.hash, performance.now()));
});
