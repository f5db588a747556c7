// A node that runs nothing: pods become ready after a while and go at once. For measuring what is above the node with
// more pods than a machine can hold.

import type { ContainerStatus } from '../api/objects.ts';
import { timestamp } from '../api/objects.ts';
import type { Runner } from './agent.ts';
import { type Runtime, waitingContainer } from './pod-status.ts';

export type HollowNode = {
  run: Runner;
  /** Has the next `count` ready pods tell of a restart: changes of their status that matter to nobody. */
  stir(count: number): void;
};

/** Pods are ready `startMs` after they are taken in. */
export function createHollowNode(startMs: number, now: () => number): HollowNode {
  let count = 0;
  const restarts = new Set<() => void>();
  return {
    run(pod, report) {
      count += 1;
      const podIP = `127.${64 + ((count >> 16) & 63)}.${(count >> 8) & 255}.${count & 255}`;
      const startedAt = now();
      const runtime = (restartCount: number): Runtime => {
        const state = { running: { startedAt: timestamp(startedAt) } };
        const containers = pod.spec.containers.map(({ name, image }): ContainerStatus => {
          return { ...waitingContainer(name, image), state, ready: true, started: true, restartCount };
        });
        return { podIP, startedAt, containers };
      };
      let restartCount = 0;
      const restart = () => report(runtime(++restartCount));
      const timer = setTimeout(() => {
        report(runtime(0));
        restarts.add(restart);
      }, startMs);
      return {
        async stop() {
          clearTimeout(timer);
          restarts.delete(restart);
        },
      };
    },
    stir(count) {
      let left = Math.min(count, restarts.size);
      for (const restart of restarts) {
        if (left-- <= 0) return;
        // Whoever has told goes to the end of the line.
        restarts.delete(restart);
        restarts.add(restart);
        restart();
      }
    },
  };
}
