// Node ports: for each, a TCP listener on loopback that forwards to the ready pod that the Service selects. A connection
// lives as long as both ends want it to, whatever becomes of the pod's readiness or of the API.

import { createServer, type Server, type Socket } from 'node:net';
import { reset } from '../../common/http/reset.ts';
import type { NodePorts } from '../api/admission.ts';
import { isReady, type Pod, type Service } from '../api/objects.ts';
import { pods, services } from '../api/resources.ts';
import { ApiError, invalid, invalidObject } from '../api/status.ts';
import type { Store } from '../api/store.ts';
import type { PodAddress, PodNetwork } from './pod-network.ts';
import { join } from './sockets.ts';

const range = { first: 30_000, size: 2_768 };

export type NodePortForwarder = NodePorts & { close: () => Promise<void> };

/** `listen: false` hands out numbers only: for a node without processes there is nothing to forward to. */
export function runNodePorts(
  store: Store,
  options: { listen: boolean; random: () => number; connect: PodNetwork['connect'] },
): NodePortForwarder {
  /** Port → its listener, and the UID of its Service once it has one. */
  const held = new Map<number, { server: Server | undefined; uid?: string }>();
  const serviceOf = new Map<string, { service: Service; ports: Set<number> }>();
  const sockets = new Set<Socket>();

  const unsubscribe = store.subscribe(services, ({ type, object }) => {
    const service = object as Service;
    const { uid } = service.metadata;
    const before = serviceOf.get(uid)?.ports ?? new Set<number>();
    const wanted = type === 'DELETED' || service.spec.type !== 'NodePort' ? [] : (service.spec.ports ?? []);
    const after = new Set(wanted.flatMap(({ nodePort }) => nodePort ?? []));
    for (const port of before) if (!after.has(port)) release(port);
    for (const port of after) Object.assign(held.get(port) ?? {}, { uid });
    if (after.size > 0) serviceOf.set(uid, { service, ports: after });
    else serviceOf.delete(uid);
  });

  function release(port: number) {
    held.get(port)?.server?.close();
    held.delete(port);
  }

  async function reserve(name: string, port?: number): Promise<void> {
    if (port !== undefined) {
      if (!held.has(port) && (await hold(port))) return;
      throw invalidObject(services, name, [
        invalid('spec.ports[0].nodePort', port, 'provided port is already allocated'),
      ]);
    }
    const start = Math.floor(options.random() * range.size);
    for (let i = 0; i < range.size; i++) {
      const candidate = range.first + ((start + i) % range.size);
      if (!held.has(candidate) && (await hold(candidate))) return;
    }
    throw new ApiError(500, 'InternalError', 'Internal error occurred: failed to allocate a nodePort: range is full');
  }

  function hold(port: number): Promise<boolean> {
    if (!options.listen) {
      held.set(port, { server: undefined });
      return Promise.resolve(true);
    }
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      forward(port, socket),
    );
    held.set(port, { server });
    return new Promise((resolve) => {
      server.once('error', () => {
        held.delete(port);
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => resolve(true));
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
    const targetPort = service.spec.ports?.find(({ nodePort }) => nodePort === port)?.targetPort;
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
    pick: (taken) => [...held].find(([port, { uid }]) => uid === undefined && !taken.has(port))?.[0],
    holds: (port, uid) => {
      const found = held.get(port);
      return found !== undefined && (found.uid === undefined || found.uid === uid);
    },
    reserve,
    close: async () => {
      unsubscribe();
      const servers = [...held.values()].flatMap(({ server }) => server ?? []);
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
