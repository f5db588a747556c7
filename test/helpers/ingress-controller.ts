// An ingress controller as browsers see it: one HTTPS address that routes each host name by the current Ingress
// objects of the API. It reads them for each connection, and caches nothing.

import { type IncomingMessage, request as send } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { selfSigned } from './certificate.ts';
import { type Body, openApi } from './local-api.ts';

type Place = { host: string; port: number };
export type IngressController = {
  port: number;
  /** Chromium switches that resolve hosts under `domain` to this controller. */
  browserArgs: string[];
  /** Paths of opened sockets, by host. */
  upgrades: string[];
};

/** `page`: the host name of the page, and the webserver's address, which has no Ingress on the embedded cluster. */
export async function startIngressController(
  t: ExecutionContext,
  cluster: { kubeconfig: string; namespace: string },
  { domain, page }: { domain: string; page: Place & { name: string } },
): Promise<IngressController> {
  const api = await openApi(cluster.kubeconfig);
  const items = async (path: string): Promise<Body[]> => (await api.call('GET', path)).body.items;
  const core = `/api/v1/namespaces/${cluster.namespace}`;
  const upgrades: string[] = [];
  const open = new Set<Duplex>();

  async function find({ headers, url = '/' }: IncomingMessage): Promise<Place | undefined> {
    const name = headers.host?.replace(/:\d+$/, '');
    if (name === page.name) return page;
    const ingresses = await items(`/apis/networking.k8s.io/v1/namespaces/${cluster.namespace}/ingresses`);
    const rule = ingresses.flatMap(({ spec }) => spec.rules).find(({ host }) => host === name);
    const path = rule?.http.paths.find((one: Body) => url.startsWith(one.path));
    const wanted = path?.backend.service;
    const service = (await items(`${core}/services`)).find(({ metadata }) => metadata.name === wanted?.name);
    const port = service?.spec.ports.find((one: Body) =>
      [one.port, one.name].includes(wanted.port.number ?? wanted.port.name),
    );
    if (!port) return undefined;
    const selector = Object.entries(service!.spec.selector);
    const pod = (await items(`${core}/pods`)).find(({ metadata }) =>
      selector.every(([key, value]) => metadata.labels?.[key] === value),
    );
    const ports: Body[] = pod?.spec.containers[0].ports ?? [];
    const target = ports.find((one) => one.name === port.targetPort)?.containerPort;
    return pod?.status.podIP && target ? { host: pod.status.podIP, port: target } : undefined;
  }

  const server: Server = createServer(selfSigned(domain), async (request, response) => {
    const place = await find(request);
    if (!place) return void response.writeHead(404).end('no such host\n');
    const headers = { ...request.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.99' };
    const { method, url: path } = request;
    const onward = send({ ...place, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('upgrade', async (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    const place = await find(request);
    if (!place) return void socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    upgrades.push(`${request.headers.host}${request.url?.replace(/\?.*/, '')}`);
    const onward = connect(place, () => {
      const lines = request.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
      onward.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    open.add(socket);
    onward.on('error', () => socket.destroy());
    onward.once('close', () => socket.destroy());
    socket.once('close', () => {
      open.delete(socket);
      onward.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    for (const socket of open) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const rule = `MAP *.${domain} 127.0.0.1:${port}`;
  return { port, browserArgs: [`--host-resolver-rules=${rule}`, '--ignore-certificate-errors'], upgrades };
}
