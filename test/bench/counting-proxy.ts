// Stands between the manager and the API server, and counts what is written. Reviews of tokens are no writes: they leave
// nothing behind.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export async function startCountingProxy(target: string) {
  let writes = 0;
  const server = createServer((incoming, answer) => {
    if (incoming.method !== 'GET' && !incoming.url?.includes('tokenreviews')) writes++;
    const options = { method: incoming.method, headers: incoming.headers };
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
    /** Writes a copy of `kubeconfig` to `path` that goes through this proxy; returns `path`. */
    rewrite(kubeconfig: string, path: string): string {
      writeFileSync(path, readFileSync(kubeconfig, 'utf8').replaceAll(target, url), { mode: 0o600 });
      return path;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
