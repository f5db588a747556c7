// A node that runs nothing: pods become ready after a while and go at once. For measuring what is above the node with
// more pods than a machine can hold.

import type { ContainerStatus } from '../api/objects.ts';
import { timestamp } from '../api/objects.ts';
import type { Runner } from './agent.ts';
import { waitingContainer } from './pod-status.ts';

/** Pods are ready `startMs` after they are taken in. */
export function createHollowRunner(startMs: number, now: () => number): Runner {
  let count = 0;
  return (pod, report) => {
    count += 1;
    const podIP = `127.${64 + ((count >> 16) & 63)}.${(count >> 8) & 255}.${count & 255}`;
    const startedAt = now();
    const timer = setTimeout(() => {
      const containers = pod.spec.containers.map(({ name, image }): ContainerStatus => {
        const state = { running: { startedAt: timestamp(startedAt) } };
        return { ...waitingContainer(name, image), state, ready: true, started: true };
      });
      report({ podIP, startedAt, containers });
    }, startMs);
    return {
      stop: async () => clearTimeout(timer),
    };
  };
}
