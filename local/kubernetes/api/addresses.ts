// The addresses of a Service: its cluster IP, and a node port for each of its ports. A node port has to be listened on before it can
// be assigned. That takes a moment, so a write that needs one is tried again once the port is reserved.

import type { Service, Stored } from './objects.ts';
import type { ServicePort } from './schemas.ts';

/** Where node ports come from. */
export type NodePorts = {
  /** A reserved port that no Service has yet, and that is none of `taken`. */
  pick(taken: Set<number>): number | undefined;
  /** Whether `port` is reserved, and free or the Service's with this `uid`. */
  holds(port: number, uid: string): boolean;
  /** Reserves `port`, or any. Rejects with a Status when it cannot. */
  reserve(service: string, port?: number): Promise<void>;
};

class NodePortNeeded extends Error {
  readonly service: string;
  readonly port: number | undefined;
  constructor(service: string, port?: number) {
    super('a node port is needed');
    this.service = service;
    this.port = port;
  }
}

/** Runs `write`, and again each time after it has reserved a node port that the write needs. */
export async function withNodePorts<T>(nodePorts: NodePorts, write: () => T): Promise<T> {
  for (;;) {
    try {
      return write();
    } catch (error) {
      if (!(error instanceof NodePortNeeded)) throw error;
      await nodePorts.reserve(error.service, error.port);
    }
  }
}

/** `next` with its addresses; those that `old` has are kept. */
export function assignAddresses(nodePorts: NodePorts, next: Stored, old: Stored | undefined): Stored {
  const { spec, metadata } = next as Service;
  const before = (old as Service | undefined)?.spec;
  const octet = () => 1 + Math.floor(Math.random() * 254);
  const clusterIP = spec.clusterIP || before?.clusterIP || `10.96.${octet()}.${octet()}`;
  const isNodePort = spec.type === 'NodePort';
  const ports = isNodePort ? assignPorts(nodePorts, spec.ports, before?.ports ?? [], metadata) : spec.ports;
  const policy = isNodePort && { externalTrafficPolicy: 'Cluster' };
  return { ...next, spec: { ...policy, ...spec, clusterIP, clusterIPs: [clusterIP], ports } };
}

function assignPorts(
  nodePorts: NodePorts,
  ports: ServicePort[],
  before: ServicePort[],
  { name, uid }: Stored['metadata'],
): ServicePort[] {
  const taken = new Set<number>();
  return ports.map((given) => {
    const kept = before.find((old) => old.port === given.port && old.name === given.name)?.nodePort;
    const wanted = given.nodePort ?? kept;
    const port = wanted ?? nodePorts.pick(taken);
    if (port === undefined || (wanted !== undefined && !nodePorts.holds(wanted, uid)))
      throw new NodePortNeeded(name, wanted);
    taken.add(port);
    return { ...given, nodePort: port };
  });
}
