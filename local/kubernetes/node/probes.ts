// HTTP probes of a container. Until it is ready for the first time it is probed often, so that its start is noticed at once.
// https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/

import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '../api/objects.ts';
import type { Container, Probe } from '../api/schemas.ts';
import { portNumber } from './node-ports.ts';
import type { PodNetwork } from './pod-network.ts';

const firstEveryMs = 20;

export type ProbedPod = { podIP: string; connect: PodNetwork['connect'] };
export type ProbeEvents = {
  ready: (ready: boolean) => void;
  unhealthy: (kind: 'Readiness' | 'Liveness', why: string) => void;
  /** The liveness probe has failed too often: restart the container. */
  lost: () => void;
};

/** Probes a container until `signal` is aborted. Without a readiness probe it is ready at once. */
export async function runProbes(
  pod: Pod,
  { readinessProbe, livenessProbe }: Container,
  at: ProbedPod,
  events: ProbeEvents,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    readinessProbe ? readiness(readinessProbe) : events.ready(true),
    livenessProbe && liveness(livenessProbe),
  ]);

  async function readiness(probe: Probe): Promise<void> {
    const periodMs = probe.periodSeconds * 1_000;
    let [failures, waitMs, failingMs] = [0, firstEveryMs, 0];
    await pause((probe.initialDelaySeconds ?? 0) * 1_000, signal);
    while (!signal.aborted) {
      const failure = await send(pod, probe, at, signal);
      if (signal.aborted) return;
      if (failure === undefined) {
        [failures, waitMs, failingMs] = [0, periodMs, 0];
        events.ready(true);
      } else {
        // Of the frequent first probes, only one in a period counts as a failure.
        failingMs += waitMs;
        if (failingMs >= periodMs) {
          [failures, failingMs] = [failures + 1, 0];
          events.unhealthy('Readiness', failure);
          if (failures >= probe.failureThreshold) events.ready(false);
        }
        waitMs = Math.min(periodMs, waitMs * 1.2);
      }
      await pause(waitMs, signal);
    }
  }

  async function liveness(probe: Probe): Promise<void> {
    let failures = 0;
    await pause((probe.initialDelaySeconds ?? 0) * 1_000, signal);
    while (failures < probe.failureThreshold) {
      await pause(probe.periodSeconds * 1_000, signal);
      const failure = signal.aborted ? undefined : await send(pod, probe, at, signal);
      if (signal.aborted) return;
      failures = failure === undefined ? 0 : failures + 1;
      if (failure !== undefined) events.unhealthy('Liveness', failure);
    }
    events.lost();
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  ms <= 0 ? Promise.resolve() : delay(ms, undefined, { signal, ref: false }).catch(() => {});

/** Undefined when the probe succeeds, else why not. */
function send(
  pod: Pod,
  { httpGet, timeoutSeconds }: Probe,
  { podIP, connect }: ProbedPod,
  signal: AbortSignal,
): Promise<string | undefined> {
  const port = portNumber(pod, httpGet.port) ?? 0;
  const { path } = httpGet;
  const socket = connect({ host: podIP, port });
  // An aborted request leaves its socket without a listener.
  socket.on('error', () => {});
  const headers = { 'user-agent': 'kube-probe/1.36' };
  const options = { host: podIP, port, path, headers, timeout: timeoutSeconds * 1_000, signal, agent: false };
  return new Promise((resolve) => {
    const request = get({ ...options, createConnection: () => socket }, (response) => {
      const { statusCode = 0 } = response;
      // A half-open socket stays open when the other end has closed it.
      response.once('close', () => socket.destroy());
      response.resume();
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`);
    });
    request.once('timeout', () => request.destroy(new Error('timed out')));
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve(`Get "http://${podIP}:${port}${path}": ${error.code ?? error.message}`),
    );
  });
}
