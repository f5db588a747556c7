// A node that runs nothing: its pods become ready after a while and end at once. For benches with more pods than a machine can hold.

import { type ContainerStatus, timestamp } from '../api/objects.ts';
import type { Runner } from './agent.ts';
import { type Runtime, waitingContainer } from './pod-status.ts';

export type HollowNode = {
  run: Runner;
  /** Has the next `count` ready pods report a restart: a change of their status that affects no visitor. */
  stir(count: number): void;
};

/** Pods are ready `startMs` after their creation. */
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
      for (const restart of [...restarts].slice(0, count)) {
        // Move it to the end, so that the next call takes other pods.
        restarts.delete(restart);
        restarts.add(restart);
        restart();
      }
    },
  };
}
