// A flood of forged tokens over HTTP, at a manager whose API server answers no review.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { requestJson } from '../../../common/http/client.ts';
import { managerAudience } from '../../../common/names.ts';
import { writeKubeconfig } from '../../../local/kubernetes/kubeconfig.ts';
import { createApp } from '../../../manager/api/app.ts';
import { createAuthenticator } from '../../../manager/api/authenticate.ts';
import { createCluster } from '../../../manager/kubernetes/cluster.ts';
import { createTransport } from '../../../manager/kubernetes/transport.ts';
import { createTicketSigner } from '../../../manager/tickets/keys.ts';
import { settle, silent, startManager } from '../../helpers/manager.ts';
import { linksOf } from '../../helpers/manager-app.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';
import { forgeToken } from '../../helpers/service-tokens.ts';

test.serial('flood: answers claims and leases during 2,000 forged tokens while reviews hang', async (t) => {
  const webToken = forgeToken({ signature: 'true' });
  const hanging = new Set<ServerResponse>();
  const connections = new Set<Socket>();
  let most = { hanging: 0, connections: 0 };
  const api = createServer(async (request, response) => {
    if (!request.url?.endsWith('/tokenreviews')) return void response.writeHead(404).end('{}');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (JSON.parse(Buffer.concat(chunks).toString()).spec.token !== webToken) {
      hanging.add(response);
      response.once('close', () => hanging.delete(response));
      most = { ...most, hanging: Math.max(most.hanging, hanging.size) };
      return;
    }
    const user = { username: 'system:serviceaccount:ns:web' };
    response
      .writeHead(201)
      .end(JSON.stringify({ status: { authenticated: true, audiences: [managerAudience], user } }));
  });
  api.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    most = { ...most, connections: Math.max(most.connections, connections.size) };
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'flood-'));
  process.env.KUBECONFIG = join(directory, 'kubeconfig');
  const apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  await writeKubeconfig(process.env.KUBECONFIG, { url: apiUrl, token: 'x', namespace: 'ns' });
  const transport = createTransport({ deadlineMs: 20_000 });
  const cluster = createCluster({ transport, exposure: { mode: 'nodePort' }, log: silent });

  const model = new ModelCluster({ annotations: { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '3' } });
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await createTicketSigner(key);
  const manager = startManager(model, { clock: () => 1_000_000, signer });
  await settle(model, manager);
  const authenticator = createAuthenticator({
    cluster,
    clients: ['web'],
    namespace: 'ns',
    isTerminal: (uid) => manager.pools.podByUid(uid) !== undefined,
    clock: Date.now,
    monotonic: () => performance.now(),
    delay: (_ms, signal) => (signal ? new Promise(() => {}) : Promise.resolve()),
    log: silent,
  });
  const app = createApp({
    ...manager,
    links: linksOf(manager, signer, () => 1_000_000),
    signer,
    authenticator,
    log: silent,
    clock: () => 1_000_000,
    version: '0.0.0',
    isReady: () => true,
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  t.teardown(async () => {
    agent.destroy();
    transport.close();
    for (const one of [api, server]) {
      one.closeAllConnections();
      one.close();
    }
    await manager.stop();
    rmSync(directory, { recursive: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/terminals`;
  const claim = (token: string, from?: Agent) =>
    requestJson({
      method: 'POST',
      url,
      token,
      body: { visitor: 'v'.repeat(43) },
      deadlineMs: 60_000,
      agent: from,
    }).then(
      () => 'claimed',
      (error: { code: string }) => error.code,
    );

  t.is(await claim(webToken), 'claimed');
  const flood = Array.from({ length: 2_000 }, (_, index) => claim(forgeToken({ signature: `forged-${index}` }), agent));
  let refused = 0;
  for (const one of flood) void one.then((code) => code === 'unavailable' && refused++);
  // All except those within the budget of their address.
  while (refused < 1_900) await new Promise(setImmediate);
  t.is(await claim(webToken), 'claimed');
  t.is(await cluster.readLease('any'), undefined);
  t.is(most.hanging, 6);
  t.true(most.connections <= 8 + 1, `${most.connections} connections: 8 of reviews, and the lease's`);
});
