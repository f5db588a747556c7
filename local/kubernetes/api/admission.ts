// What the cluster, not the client, decides about an object: a Service's addresses. A node port has to be listened on
// before it can be promised, which takes a moment: then the write is tried again.

import type { Service, ServicePort, Stored } from './objects.ts';
import { type Resource, services } from './resources.ts';

/** Where node ports come from. */
export type NodePorts = {
  /** A port that is reserved and that no Service has yet, other than `taken`. */
  pick(taken: Set<number>): number | undefined;
  /** Whether `port` is reserved or already `uid`'s. */
  holds(port: number, uid: string): boolean;
  /** Reserves `port`, or any. Rejects with a Status when it cannot. */
  reserve(service: string, port?: number): Promise<void>;
};

/** Thrown out of a write that has to wait for a node port. */
class NodePortNeeded extends Error {
  readonly service: string;
  readonly port: number | undefined;
  constructor(service: string, port?: number) {
    super('a node port is needed');
    this.service = service;
    this.port = port;
  }
}

/** Runs `write`, as often as it takes to get the node ports that it needs. */
export async function withNodePorts<T>(nodePorts: NodePorts, write: () => T): Promise<T> {
  while (true) {
    try {
      return write();
    } catch (error) {
      if (!(error instanceof NodePortNeeded)) throw error;
      await nodePorts.reserve(error.service, error.port);
    }
  }
}

export function createAdmission(nodePorts: NodePorts, random: () => number) {
  return (resource: Resource, next: Stored, old: Stored | undefined): Stored => {
    if (resource !== services) return next;
    const { spec, metadata } = next as Service;
    const before = (old as Service | undefined)?.spec;
    const clusterIP = spec.clusterIP || before?.clusterIP || `10.96.${octet()}.${octet()}`;
    const ports = spec.type === 'NodePort' ? assign(spec.ports ?? [], before?.ports ?? [], metadata) : spec.ports;
    return { ...next, spec: { ...spec, clusterIP, clusterIPs: [clusterIP], ...(ports && { ports }) } };
  };

  function octet(): number {
    return 1 + Math.floor(random() * 254);
  }

  function assign(ports: ServicePort[], before: ServicePort[], { name, uid }: Stored['metadata']): ServicePort[] {
    const taken = new Set<number>();
    return ports.map((given) => {
      const kept = before.find((old) => old.port === given.port && old.name === given.name)?.nodePort;
      const wanted = given.nodePort || kept;
      const port = wanted ?? nodePorts.pick(taken);
      if (port === undefined || (wanted !== undefined && !nodePorts.holds(wanted, uid)))
        throw new NodePortNeeded(name, wanted);
      taken.add(port);
      return { ...given, nodePort: port };
    });
  }
}
