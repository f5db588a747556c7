// The line of one client: a proxy that is cut every few seconds. Usually it works again at once; sometimes it stays closed,
// or drops all data, for a while.

import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../bench/simulate/random.ts';
import { type ConnectProxy, startConnectProxy } from '../../test/helpers/connect-proxy.ts';
import type { Teardown } from '../../test/helpers/webserver-listen.ts';

const [shortestMs, longestMs] = [2_000, 10_000];

export type LineOptions = {
  random: Random;
  leadsTo: (port: number) => boolean;
  onCut: () => void;
  /** Aborted when the line is no longer needed. */
  signal: AbortSignal;
};

/** Resolves with the address of the proxy. */
export async function startLine(t: Teardown, { random, leadsTo, onCut, signal }: LineOptions): Promise<string> {
  const proxy = await startConnectProxy(t, { leadsTo });
  void cutAgain(proxy, { random, onCut, signal }).catch(() => {});
  return proxy.url;
}

async function cutAgain(
  proxy: ConnectProxy,
  { random, onCut, signal }: Pick<LineOptions, 'random' | 'onCut' | 'signal'>,
): Promise<void> {
  const between = (from: number, to: number) => from + random() * (to - from);
  for (;;) {
    await delay(between(shortestMs, longestMs), undefined, { signal });
    onCut();
    const how = random();
    if (how < 0.6) {
      proxy.cut();
      continue;
    }
    if (how < 0.85) proxy.close();
    else proxy.silence();
    await delay(how < 0.85 ? between(200, 3_000) : between(1_000, 6_000), undefined, { signal });
    proxy.cut();
    proxy.open();
  }
}
