// The life of one container: started, probed, and restarted with back-off when it ends, until the pod is stopped.

import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type ContainerStatus, type Pod, timestamp } from '../api/objects.ts';
import type { Container } from '../api/schemas.ts';
import { logPath } from './logs.ts';
import type { PodNetwork } from './pod-network.ts';
import { waitingContainer } from './pod-status.ts';
import { runProbes } from './probes.ts';
import { type Exit, killMarked, type Started, startProcess } from './process.ts';

export type Prepared = {
  command: string[];
  environment: Record<string, string>;
  workingDirectory: string;
  internet: boolean;
};
export type ContainerDeps = {
  podIP: string;
  connect: PodNetwork['connect'];
  logDirectory: string;
  sandboxed: boolean;
  clusterId: string;
  /** What to run. May throw ConfigError. */
  prepare: () => Prepared;
  report: (status: ContainerStatus) => void;
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  now: () => number;
  backOff: BackOff;
};
/** Milliseconds: the first wait between two restarts, the longest, and how long a run must last to reset the wait. */
export type BackOff = { first: number; longest: number; forgetAfter: number };

export type RunningContainer = { ended: Promise<void>; stop: (graceMs: number) => void };

export function runContainer(pod: Pod, container: Container, deps: ContainerDeps): RunningContainer {
  const { event, now, backOff } = deps;
  const { name } = container;
  const { restartPolicy, terminationGracePeriodSeconds } = pod.spec;
  const stopping = new AbortController();
  let status = waitingContainer(name, container.image);
  let process: Started | undefined;
  let killer: NodeJS.Timeout | undefined;

  const set = (change: Partial<ContainerStatus>) => {
    status = { ...status, ...change };
    deps.report(status);
  };

  async function run(): Promise<void> {
    let waitMs = 0;
    while (!stopping.signal.aborted) {
      const startedAt = now();
      const exit = await runOnce().catch((error: Error): Exit => {
        event('Warning', 'Failed', `Error: ${error.message}`);
        const reason = error.name === 'ConfigError' ? 'CreateContainerConfigError' : 'RunContainerError';
        set({ state: { waiting: { reason, message: error.message } } });
        return { exitCode: 128 };
      });
      if (stopping.signal.aborted) return;
      if (restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && exit.exitCode === 0)) return;
      if (now() - startedAt >= backOff.forgetAfter) waitMs = 0;
      if (waitMs > 0) await crashLoop(waitMs);
      waitMs = Math.min(backOff.longest, waitMs * 2 || backOff.first);
      if (status.state.terminated) set({ restartCount: status.restartCount + 1 });
    }
  }

  async function crashLoop(waitMs: number): Promise<void> {
    const { terminated } = status.state;
    const message = `back-off ${Math.round(waitMs / 1_000)}s restarting failed container=${name}`;
    const state = { waiting: { reason: 'CrashLoopBackOff', message } };
    if (terminated) set({ lastState: { terminated }, state, restartCount: status.restartCount + 1 });
    event('Warning', 'BackOff', 'Back-off restarting failed container');
    await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
  }

  async function runOnce(): Promise<Exit> {
    const prepared = deps.prepare();
    const { sandboxed, clusterId } = deps;
    const podUid = pod.metadata.uid;
    const logFile = openSync(logPath(deps.logDirectory, name, status.restartCount), 'a', 0o600);
    try {
      process = await startProcess({ ...prepared, logFile, sandboxed, clusterId, podUid });
    } finally {
      closeSync(logFile);
    }
    if (stopping.signal.aborted) process.kill();
    const startedAt = timestamp(now());
    const { terminated } = status.state;
    event('Normal', 'Started', `Started container ${name}`);
    set({ state: { running: { startedAt } }, started: true, ...(terminated && { lastState: { terminated } }) });
    const probing = new AbortController();
    probe(process, AbortSignal.any([probing.signal, stopping.signal])).catch(() => {});
    const exit = await process.exited;
    probing.abort();
    process.kill();
    if (!sandboxed && pod.spec.containers.length === 1) killMarked(podUid);
    process = undefined;
    clearTimeout(killer);
    const reason = exit.exitCode === 0 ? 'Completed' : 'Error';
    const state = { terminated: { ...exit, reason, startedAt, finishedAt: timestamp(now()) } };
    set({ state, ready: false, started: false });
    return exit;
  }

  function probe(running: Started, signal: AbortSignal): Promise<void> {
    const events = {
      ready: (ready: boolean) => ready === status.ready || set({ ready }),
      unhealthy: (kind: string, why: string) => event('Warning', 'Unhealthy', `${kind} probe failed: ${why}`),
      lost: () => {
        event('Normal', 'Killing', `Container ${name} failed liveness probe, will be restarted`);
        end(running, terminationGracePeriodSeconds * 1_000);
      },
    };
    return runProbes(pod, container, deps, events, signal);
  }

  function end(running: Started, graceMs: number) {
    clearTimeout(killer);
    if (graceMs <= 0) return running.kill();
    running.terminate();
    killer = setTimeout(running.kill, graceMs);
  }

  return {
    ended: run(),
    stop: (graceMs) => {
      if (!stopping.signal.aborted && process) event('Normal', 'Killing', `Stopping container ${name}`);
      stopping.abort();
      if (process) end(process, graceMs);
    },
  };
}
