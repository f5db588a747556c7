// The life of one container: started, probed, restarted with back-off when it ends, until the pod is stopped.

import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, ContainerStatus, Pod } from '../api/objects.ts';
import { timestamp } from '../api/objects.ts';
import { logPath } from './logs.ts';
import type { PodNetwork } from './pod-network.ts';
import { waitingContainer } from './pod-status.ts';
import { checkProbes, runProbes } from './probes.ts';
import { type Exit, killMarked, type Started, startProcess } from './process.ts';

export type ContainerDeps = {
  podIP: string;
  connect: PodNetwork['connect'];
  logDirectory: string;
  sandboxed: boolean;
  clusterId: string;
  /** What to run; may throw ConfigError. */
  prepare: () => {
    command: string[];
    environment: Record<string, string>;
    workingDirectory: string;
    internet: boolean;
  };
  report: (status: ContainerStatus) => void;
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
  now: () => number;
  backOff: BackOff;
};
/** Milliseconds: the first wait between two restarts, the longest, and how long a run must last to forget the waits. */
export type BackOff = { first: number; longest: number; forgetAfter: number };

export type RunningContainer = { ended: Promise<void>; stop: (graceMs: number) => void };

export function runContainer(pod: Pod, container: Container, deps: ContainerDeps): RunningContainer {
  const { event, now, backOff } = deps;
  const { name } = container;
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
        if (error.name !== 'ConfigError')
          set({ state: { waiting: { reason: 'RunContainerError', message: error.message } } });
        else set({ state: { waiting: { reason: 'CreateContainerConfigError', message: error.message } } });
        return { exitCode: 128 };
      });
      if (stopping.signal.aborted) return;
      const policy = pod.spec.restartPolicy ?? 'Always';
      if (policy === 'Never' || (policy === 'OnFailure' && exit.exitCode === 0)) return;
      waitMs = now() - startedAt >= backOff.forgetAfter ? 0 : waitMs;
      if (waitMs > 0) await crashLoop(waitMs);
      waitMs = Math.min(backOff.longest, waitMs * 2 || backOff.first);
      if (status.state.terminated) set({ restartCount: status.restartCount + 1 });
    }
  }

  async function crashLoop(waitMs: number): Promise<void> {
    const message = `back-off ${Math.round(waitMs / 1_000)}s restarting failed container=${name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
    const { terminated } = status.state;
    // What it waits for is told with why it ended, which stays as the last state.
    if (terminated)
      set({
        lastState: { terminated },
        state: { waiting: { reason: 'CrashLoopBackOff', message } },
        restartCount: status.restartCount + 1,
      });
    event('Warning', 'BackOff', 'Back-off restarting failed container');
    await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
  }

  async function runOnce(): Promise<Exit> {
    checkProbes(container);
    if (container.lifecycle) event('Warning', 'FailedHook', 'lifecycle hooks are not supported by this node');
    const prepared = deps.prepare();
    const logFile = openSync(logPath(deps.logDirectory, name, status.restartCount), 'a', 0o600);
    try {
      process = await startProcess({
        ...prepared,
        logFile,
        sandboxed: deps.sandboxed,
        clusterId: deps.clusterId,
        podUid: pod.metadata.uid,
      });
    } finally {
      closeSync(logFile);
    }
    if (stopping.signal.aborted) process.kill();
    const startedAt = timestamp(now());
    const { terminated } = status.state;
    event('Normal', 'Started', `Started container ${name}`);
    set({ state: { running: { startedAt } }, ...(terminated && { lastState: { terminated } }) });
    const probing = new AbortController();
    probe(process, AbortSignal.any([probing.signal, stopping.signal])).catch(() => {});
    const exit = await process.exited;
    probing.abort();
    process.kill();
    if (!deps.sandboxed && pod.spec.containers.length === 1) killMarked(pod.metadata.uid);
    process = undefined;
    clearTimeout(killer);
    const reason = exit.exitCode === 0 ? 'Completed' : 'Error';
    const state = { terminated: { ...exit, reason, startedAt, finishedAt: timestamp(now()) } };
    set({ state, ready: false, started: false });
    return exit;
  }

  function probe(running: Started, signal: AbortSignal): Promise<void> {
    return runProbes(
      pod,
      container,
      deps,
      {
        started: () => status.started || set({ started: true }),
        ready: (ready) => ready === status.ready || set({ ready }),
        unhealthy: (kind, why) => event('Warning', 'Unhealthy', `${kind} probe failed: ${why}`),
        lost: (kind) => {
          event('Normal', 'Killing', `Container ${name} failed ${kind} probe, will be restarted`);
          end(running, (pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000);
        },
      },
      signal,
    );
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
