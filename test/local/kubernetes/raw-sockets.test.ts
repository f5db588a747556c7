// The stand-in's API against clients that write anything to its socket.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { openApi } from '../../helpers/local-api.ts';
import { startTestCluster } from '../../helpers/local-cluster.ts';
import { fuzzRawSockets, get, upgrade } from '../../helpers/raw-sockets.ts';

test('inv 10, 12: raw sockets leave no watch, no file and little memory behind', async (t) => {
  const cluster = await startTestCluster(t, { node: 'hollow' });
  const api = await openApi(cluster.kubeconfig);
  // The token is in the path.
  const { port, pathname } = new URL(JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')).clusters[0].cluster.server);
  const admin = pathname.replace(/\/$/, '');
  const pods = `/api/v1/namespaces/${cluster.namespace}/pods`;
  await fuzzRawSockets(t, {
    port: Number(port),
    paths: [pods, `${admin}${pods}`, '/apis', '/healthz'],
    requests: [
      get('/healthz'),
      get(pods),
      get(admin + pods),
      get(`${admin}${pods}?watch=1`),
      upgrade(`${admin}${pods}?watch=1`),
      `POST ${admin}${pods} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    ],
    isWell: async () => (await api.call('GET', '/api/v1/nodes')).code === 200,
  });
});
