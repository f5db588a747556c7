// Node ports: TCP listeners on the loopback addresses that forward to the ready pod that the Service selects. A connection lasts until
// one of its ends closes it, also when the pod becomes unready or the API is away.

import { createServer, type Server, type Socket } from 'node:net';
import { reset } from '../../../common/http/reset.ts';
import type { NodePorts } from '../api/addresses.ts';
import { isReady, type Pod, type Service } from '../api/objects.ts';
import { pods, services } from '../api/resources.ts';
import { ApiError, invalid } from '../api/status.ts';
import type { Store } from '../api/store.ts';
import type { PodAddress, PodNetwork } from './pod-network.ts';
import { join } from './sockets.ts';

// A browser may use either for localhost. Some machines have no IPv6.
const loopback = ['127.0.0.1', '::1'];
const range = { first: 30_000, size: 2_768 };

export type NodePortForwarder = NodePorts & { close: () => Promise<void> };

/** `listen: false` only assigns numbers, for a hollow node. */
export function runNodePorts(
  store: Store,
  options: { listen: boolean; connect: PodNetwork['connect'] },
): NodePortForwarder {
  /** Port → its listeners, and the UID of its Service once it has one. */
  const held = new Map<number, { listeners: Server[]; ready: boolean; uid?: string }>();
  const serviceOf = new Map<string, { service: Service; ports: Set<number> }>();
  const sockets = new Set<Socket>();

  const unsubscribe = store.subscribe(services, ({ type, object }) => {
    const service = object as Service;
    const { uid } = service.metadata;
    const before = serviceOf.get(uid)?.ports ?? new Set<number>();
    const wanted = type === 'DELETED' || service.spec.type !== 'NodePort' ? [] : service.spec.ports;
    const after = new Set(wanted.flatMap(({ nodePort }) => nodePort ?? []));
    for (const port of before) if (!after.has(port)) release(port);
    for (const port of after) Object.assign(held.get(port) ?? {}, { uid });
    if (after.size > 0) serviceOf.set(uid, { service, ports: after });
    else serviceOf.delete(uid);
  });

  function release(port: number) {
    for (const server of held.get(port)?.listeners ?? []) server.close();
    held.delete(port);
  }

  async function reserve(name: string, port?: number): Promise<void> {
    if (port !== undefined) {
      if (!held.has(port) && (await hold(port))) return;
      const cause = { field: 'spec.ports[0].nodePort', message: `port ${port} is already allocated` };
      throw invalid(services.kind, name, [cause]);
    }
    const start = Math.floor(Math.random() * range.size);
    for (let i = 0; i < range.size; i++) {
      const candidate = range.first + ((start + i) % range.size);
      if (!held.has(candidate) && (await hold(candidate))) return;
    }
    throw new ApiError(500, 'InternalError', 'failed to allocate a nodePort: range is full');
  }

  async function hold(port: number): Promise<boolean> {
    const holding = { listeners: [] as Server[], ready: false };
    // Set it now: another Service may ask meanwhile.
    held.set(port, holding);
    for (const host of options.listen ? loopback : []) {
      const answer = await listenAt(host, port);
      if (answer === 'no such address') continue;
      if (answer === 'taken') {
        release(port);
        return false;
      }
      holding.listeners.push(answer);
    }
    holding.ready = true;
    return true;
  }

  function listenAt(host: string, port: number): Promise<Server | 'taken' | 'no such address'> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      forward(port, socket),
    );
    return new Promise((resolve) => {
      server.once('error', ({ code }: NodeJS.ErrnoException) =>
        resolve(host.includes(':') && code !== 'EADDRINUSE' ? 'no such address' : 'taken'),
      );
      server.listen({ port, host, ipv6Only: true }, () => resolve(server));
    });
  }

  function forward(port: number, from: Socket) {
    const target = targetOf(port);
    if (!target) return reset(from);
    const to = options.connect(target);
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    join(from, to);
  }

  function targetOf(port: number): PodAddress | undefined {
    const uid = held.get(port)?.uid;
    const service = uid === undefined ? undefined : serviceOf.get(uid)?.service;
    const selector = Object.entries(service?.spec.selector ?? {});
    if (!service || selector.length === 0) return undefined;
    const targetPort = service.spec.ports.find(({ nodePort }) => nodePort === port)?.targetPort;
    for (const pod of store.each(pods, service.metadata.namespace) as Generator<Pod>) {
      const labels = pod.metadata.labels ?? {};
      if (!isReady(pod) || pod.metadata.deletionTimestamp || !selector.every(([key, value]) => labels[key] === value))
        continue;
      const number = portNumber(pod, targetPort);
      if (pod.status.podIP && number) return { host: pod.status.podIP, port: number };
    }
    return undefined;
  }

  return {
    pick: (taken) => [...held].find(([port, { uid, ready }]) => ready && uid === undefined && !taken.has(port))?.[0],
    holds: (port, uid) => {
      const found = held.get(port);
      return found?.ready === true && (found.uid === undefined || found.uid === uid);
    },
    reserve,
    close: async () => {
      unsubscribe();
      const servers = [...held.values()].flatMap(({ listeners }) => listeners);
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** A port by number, or by the name that one of the pod's containers gives it. */
export function portNumber(pod: Pod, port: number | string | undefined): number | undefined {
  if (typeof port === 'number') return port;
  if (port === undefined) return undefined;
  const named = pod.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === port);
  return named?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}
