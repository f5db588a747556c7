// Node ports: from the loopback addresses to the ready pod that the Service selects.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import test from 'ava';
import type { KubernetesObject } from '../../../../local/kubernetes/cluster.ts';
import { startTestCluster, writeProgram } from '../../../helpers/local-cluster.ts';
import { ask, isReady, openNode, serverPod } from '../../../helpers/local-pods.ts';
import { skipIf } from '../../../helpers/skip.ts';

const serviceFor = (name: string, app: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { type: 'NodePort', selector: { app }, ports: [{ port: 80, targetPort: 'http' }] },
});
const portOf = (service: KubernetesObject): number =>
  (service.spec as { ports: { nodePort: number }[] }).ports[0]!.nodePort;
/** How a connection to `port` fails. */
const failureOf = (port: number, host = '127.0.0.1'): Promise<string> =>
  new Promise((resolve) => {
    connect(port, host).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });

test('node port: connects to the ready pod by the name of its port, and resets without one', async (t) => {
  const cluster = await startTestCluster(t);
  const node = await openNode(t, cluster);
  const port = portOf(await cluster.create(serviceFor('s', 'web')));
  t.true(port >= 30_000 && port <= 32_767);
  t.is(await failureOf(port), 'ECONNRESET');
  await cluster.create(serverPod('p', node.server, { labels: { app: 'web' } }));
  await node.until('p', isReady);
  t.is((await ask('127.0.0.1', '/', port)).env.POD_NAME, 'p');
  await node.api.call('DELETE', `${node.core}/pods/p`, { gracePeriodSeconds: 0 });
  await cluster.create(serverPod('q', node.server, { labels: { app: 'web' } }));
  await node.until('q', isReady);
  t.is((await ask('127.0.0.1', '/', port)).env.POD_NAME, 'q');
  await node.api.call('DELETE', `${node.core}/services/s`);
  t.is(await failureOf(port), 'ECONNREFUSED');
});

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const withIPv6 = skipIf(hasIPv6 ? undefined : 'this machine has no IPv6', test, test.skip);

withIPv6('node port: IPv4 and IPv6 belong to the same Service', async (t) => {
  const cluster = await startTestCluster(t);
  const node = await openNode(t, cluster);
  const port = portOf(await cluster.create(serviceFor('s', 'web')));
  t.is(await failureOf(port, '::1'), 'ECONNRESET');
  await cluster.create(serverPod('p', node.server, { labels: { app: 'web' } }));
  await node.until('p', isReady);
  t.is((await ask('[::1]', '/', port)).env.POD_NAME, 'p');
  await node.api.call('DELETE', `${node.core}/services/s`);
  t.is(await failureOf(port, '::1'), 'ECONNREFUSED');
  // Another program has the port on IPv6 only.
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ port, host: '::1' }, resolve));
  t.teardown(() => other.close());
  const wanted = serviceFor('t', 'web');
  Object.assign(wanted.spec.ports[0]!, { nodePort: port });
  await t.throwsAsync(cluster.create(wanted), { message: /already allocated/ });
  t.is(await failureOf(port), 'ECONNREFUSED');
});

test('inv 9: connections last while the pod is unready and the API is away', async (t) => {
  const cluster = await startTestCluster(t);
  const node = await openNode(t, cluster);
  const echo = await writeProgram(
    t,
    `import { createServer } from 'node:net';
     import http from 'node:http';
     createServer((socket) => socket.pipe(socket)).listen(9000, process.env.POD_IP);
     let ready = true;
     http.createServer((request, response) => {
       if (request.url === '/fail') ready = false;
       response.statusCode = ready || request.url !== '/ready' ? 200 : 503;
       response.end('{}');
     }).listen(8080, process.env.POD_IP);`,
  );
  await cluster.create(
    serverPod('p', echo, {
      labels: { app: 'echo' },
      container: {
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'echo', containerPort: 9000 },
        ],
      },
    }),
  );
  const { object } = await node.until('p', isReady);
  const service = serviceFor('s', 'echo');
  service.spec.ports[0]!.targetPort = 'echo';
  const port = portOf(await cluster.create(service));
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  const echoes = async (text: string) => {
    socket.write(text);
    return String((await once(socket, 'data'))[0]) === text;
  };
  t.true(await echoes('one'));
  await cluster.stopApi();
  t.true(await echoes('two'));
  const another = connect(port, '127.0.0.1');
  another.end('three');
  t.is((await another.toArray()).join(''), 'three');
  await cluster.startApi();
  await ask(object.status.podIP, '/fail');
  const api = await openNode(t, cluster);
  await api.until('p', (event) => !isReady(event));
  t.true(await echoes('four'));
  t.is(await failureOf(port), 'ECONNRESET');
});

test('node port: two clusters on one machine share none', async (t) => {
  const clusters = [await startTestCluster(t), await startTestCluster(t)];
  const ports = new Set<number>();
  for (const cluster of clusters) {
    for (let n = 0; n < 20; n++) ports.add(portOf(await cluster.create(serviceFor(`s${n}`, 'x'))));
  }
  t.is(ports.size, 40);
});
