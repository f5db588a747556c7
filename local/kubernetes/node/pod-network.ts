// Connections between this machine and pods that have a network of their own. Such a pod cannot be reached by an address: it listens on a
// Unix socket for each port, in a folder that it shares with this process. A second folder has sockets that lead to the few services
// that the pod may use.

import { mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { join as joinPath } from 'node:path';
import type { Pod } from '../api/objects.ts';
import { connectToSocketFile, join } from './sockets.ts';
import type { Mount } from './volumes.ts';

/**
 * Annotation on a pod that listens on Unix sockets: /run/ports/PORT for each of its ports. Its value lists the services that the pod
 * may use, as NAME=HOST:PORT, separated by commas. Each is at /run/services/NAME.
 */
export const socketNetwork = 'warmterm.dev/local-network';
export const portsInside = '/run/ports';
export const servicesInside = '/run/services';

/** Concurrent connections of one pod to one service. A terminal needs fewer. */
const maxConnections = 16;

export type PodAddress = { host: string; port: number };
export type PodNetwork = {
  /** Connects to a port of the pod with this address. The socket emits `error` when nothing listens. */
  connect: (at: PodAddress) => Socket;
  /** Opens the network of a pod that has sockets, with its files in `directory`. */
  open: (pod: Pod, podIP: string, directory: string, chown: (path: string) => void) => Promise<OpenNetwork>;
};
export type OpenNetwork = {
  mounts: Mount[];
  /** Removes the sockets of an ended container, because the next one cannot listen on them. */
  clear: () => void;
  close: () => void;
};

export const hasSocketNetwork = (pod: Pod): boolean => pod.metadata.annotations?.[socketNetwork] !== undefined;

export function createPodNetwork(): PodNetwork {
  /** Address of a pod → the folder of its sockets. */
  const folders = new Map<string, string>();
  const connectTo = ({ host, port }: PodAddress): Socket => {
    const folder = folders.get(host);
    if (folder === undefined) return connect({ host, port, allowHalfOpen: true, noDelay: true });
    return connectToSocketFile(joinPath(folder, String(port)));
  };

  async function open(pod: Pod, podIP: string, directory: string, chown: (path: string) => void): Promise<OpenNetwork> {
    const [ports, services] = [joinPath(directory, 'ports'), joinPath(directory, 'services')];
    for (const path of [ports, services]) mkdirSync(path, { recursive: true, mode: 0o755 });
    chown(ports);
    const servers: Server[] = [];
    const sockets = new Set<Socket>();
    const keep = (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    };
    const forward = (to: () => Socket) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (from) => {
        join(keep(from), keep(to()));
      });
      servers.push(server);
      return server;
    };
    const close = () => {
      folders.delete(podIP);
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    };
    try {
      // The manager and the relay connect to the pod's address.
      for (const port of portsOf(pod)) {
        const at = { host: podIP, port };
        await listen(
          forward(() => connectTo(at)),
          at,
        );
      }
      for (const { name, host, port } of servicesOf(pod)) {
        const server = forward(() => connect({ host, port, allowHalfOpen: true, noDelay: true }));
        server.maxConnections = maxConnections;
        await listen(server, { path: joinPath(services, name), readableAll: true, writableAll: true });
      }
    } catch (error) {
      close();
      throw error;
    }
    folders.set(podIP, ports);
    return {
      mounts: [
        { source: ports, mountPath: portsInside, readOnly: false },
        { source: services, mountPath: servicesInside, readOnly: true },
      ],
      clear: () => {
        for (const name of readdirSync(ports)) unlink(joinPath(ports, name));
      },
      close,
    };
  }

  return { connect: connectTo, open };
}

const portsOf = (pod: Pod): number[] =>
  pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));

function servicesOf(pod: Pod): { name: string; host: string; port: number }[] {
  const text = pod.metadata.annotations?.[socketNetwork] ?? '';
  return text.split(',').flatMap((word) => {
    if (word === '') return [];
    const [, name, host, port] = /^([a-z][a-z0-9-]*)=([^:]+):(\d+)$/.exec(word.trim()) ?? [];
    if (!name || !host)
      throw new Error(`the annotation ${socketNetwork} must be a list of NAME=HOST:PORT, not ${text}`);
    return [{ name, host, port: Number(port) }];
  });
}

function listen(server: Server, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, resolve);
  });
}

function unlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or a folder that the pod made.
  }
}
