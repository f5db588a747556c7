// A proxy between the manager and the API server that counts writes. Token reviews are not counted, because they
// store nothing. The proxy may delay them.

import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export async function startCountingProxy(target: string, { reviewDelayMs = 0 }: { reviewDelayMs?: number } = {}) {
  let writes = 0;
  let reviews = 0;
  // Shorter than the API server's keep-alive and longer than the manager's, so that no connection closes as it is reused.
  const agent = new Agent({ keepAlive: true, timeout: 2_000 });
  const server = createServer({ keepAliveTimeout: 60_000 }, async (incoming, answer) => {
    if (incoming.url?.includes('tokenreviews')) {
      reviews++;
      await delay(reviewDelayMs);
    } else if (incoming.method !== 'GET') writes++;
    const options = { agent, method: incoming.method, headers: incoming.headers };
    const outgoing = request(new URL(incoming.url ?? '/', target), options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.once('error', () => answer.destroy());
    answer.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    writes: () => writes,
    reviews: () => reviews,
    /** Writes a copy of `kubeconfig` to `path` that goes through this proxy; returns `path`. */
    rewrite(kubeconfig: string, path: string): string {
      writeFileSync(path, readFileSync(kubeconfig, 'utf8').replaceAll(target, url), { mode: 0o600 });
      return path;
    },
    close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
