// A Kubernetes port with injected faults. Requests or their answers are lost, refused or delayed. Events are repeated, or
// arrive after events of other objects. It keeps the promises of the port: each object's observations arrive
// in order, and none is missing.

import { ServiceError } from '../../common/errors.ts';
import type { Cluster } from '../../manager/kubernetes/port.ts';
import type { Observation } from '../../manager/model/observation.ts';
import type { Faults, RequestKind } from '../../soak/faults.ts';
import { nextTurn } from './model-cluster.ts';

type Port = { [Name in keyof Cluster]: Cluster[Name] };

// The writes of the port that can answer with a conflict.
const canConflict = new Set<keyof Cluster>(['claimPod', 'retirePod', 'deleteAsSeen', 'scalePool', 'updateLease']);
const turns = { delay: 3, 'late answer': 3 };

/** Wraps `cluster`. `faults` draws the fault of each request and each event. */
export function withFaults(cluster: Cluster, faults: Pick<Faults, 'ofRequest' | 'ofEvent' | 'count'>): Cluster {
  const kindOf = (name: string): RequestKind => (name.startsWith('read') ? 'read' : 'write');

  async function request(name: keyof Cluster, act: () => Promise<unknown>): Promise<unknown> {
    const fault = faults.ofRequest(kindOf(name));
    if (fault) faults.count(fault.kind);
    switch (fault?.kind) {
      case 'lost request':
      case '429':
      case '500':
        throw new ServiceError('unavailable', `${fault.kind}, before ${name}`);
      case '409':
        if (canConflict.has(name)) return 'conflict';
        throw new ServiceError('unavailable', `409 to ${name}`);
      case 'lost response':
        await act();
        throw new ServiceError('timeout', `lost response of ${name}`);
      case 'delay':
        for (let turn = 0; turn < turns.delay; turn++) await nextTurn();
        return act();
      case 'late answer': {
        const answer = await act();
        for (let turn = 0; turn < turns['late answer']; turn++) await nextTurn();
        return answer;
      }
      default:
        return act();
    }
  }

  const watch: Cluster['watch'] = (sink, signal) => {
    let held: Observation | undefined;
    const release = () => {
      const now = held;
      held = undefined;
      if (now) sink.observe(now);
    };
    const observe = (observation: Observation) => {
      const fault = faults.ofEvent();
      // Never deliver an event after a later one of the same object.
      if (held?.kind === observation.kind && held.name === observation.name) release();
      if (fault?.kind === 'reordered event' && held === undefined) {
        faults.count(fault.kind);
        held = observation;
        setImmediate(release);
        return;
      }
      sink.observe(observation);
      if (fault?.kind === 'duplicated event') {
        faults.count(fault.kind);
        sink.observe(observation);
      }
      release();
    };
    const synced = () => {
      release();
      sink.synced();
    };
    return cluster.watch({ observe, synced }, signal);
  };

  return new Proxy(cluster as Port, {
    get(port, name: keyof Cluster) {
      if (name === 'watch') return watch;
      if (name === 'watchManagers') return port.watchManagers.bind(port);
      const method = port[name] as (...given: unknown[]) => Promise<unknown>;
      return (...given: unknown[]) => request(name, () => method.apply(port, given));
    },
  });
}
