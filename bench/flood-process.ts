// Sends forged tokens from a separate process, started by flood.ts, as a shell in a terminal could.

import { Agent } from 'node:http';
import { requestJson } from '../common/http/client.ts';
import { paths } from '../common/manager-api.ts';
import { forgeToken } from '../test/helpers/service-tokens.ts';

/** The number of distinct tokens to send per second to the manager at `url`; 0 stops it. */
export type Order = { url: string; perSecond: number; claims: Parameters<typeof forgeToken>[0] };
/** The number sent since the last command. */
export type Done = { sent: number };

const connections = 64;
const everyMs = 10;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
let made = 0;
let sent = 0;
let timer: NodeJS.Timeout | undefined;

function flood({ url, perSecond, claims }: Order): void {
  clearInterval(timer);
  if (perSecond === 0) return;
  let underWay = 0;
  let toldAt = performance.now();
  timer = setInterval(() => {
    const due = Math.floor(((performance.now() - toldAt) * perSecond) / 1_000);
    toldAt += (due * 1_000) / perSecond;
    for (let index = 0; index < due && underWay < connections; index++) {
      underWay++;
      const token = forgeToken({ ...claims, signature: `${process.pid}-${made++}` });
      const body = { visitor: 'bench-visitor-forged' };
      requestJson({ method: 'POST', url: url + paths.terminals, token, body, deadlineMs: 30_000, agent })
        .catch(() => {})
        .finally(() => {
          underWay--;
          sent++;
        });
    }
  }, everyMs);
}

process.on('message', (order: Order) => {
  process.send!({ sent } satisfies Done);
  sent = 0;
  flood(order);
});
process.once('disconnect', () => process.exit());
