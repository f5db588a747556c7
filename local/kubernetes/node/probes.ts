// Probes: whether a container is well, asked over HTTP or by connecting. Until it is first ready it is asked often, so
// that a start is seen at once. https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/

import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container, Pod, Probe } from '../api/objects.ts';
import { ConfigError } from './environment.ts';
import { portNumber } from './node-ports.ts';
import type { PodNetwork } from './pod-network.ts';

const firstEveryMs = 20;

export type ProbedPod = { podIP: string; connect: PodNetwork['connect'] };
export type ProbeEvents = {
  started: () => void;
  ready: (ready: boolean) => void;
  unhealthy: (kind: 'Startup' | 'Readiness' | 'Liveness', why: string) => void;
  /** Liveness or startup has failed too often: the container is to be restarted. */
  lost: (kind: 'startup' | 'liveness') => void;
};

/** Throws ConfigError for a probe that this node cannot carry out. */
export function checkProbes({ readinessProbe, livenessProbe, startupProbe }: Container): void {
  for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
    if (probe && !probe.httpGet && !probe.tcpSocket)
      throw new ConfigError('only httpGet and tcpSocket probes are supported by this node');
    if (probe?.httpGet?.scheme === 'HTTPS') throw new ConfigError('HTTPS probes are not supported by this node');
  }
}

/** Probes a container until `signal` is aborted. Without a readiness probe it is ready once it has started. */
export async function runProbes(
  pod: Pod,
  container: Container,
  at: ProbedPod,
  events: ProbeEvents,
  signal: AbortSignal,
): Promise<void> {
  const { readinessProbe, livenessProbe, startupProbe } = container;
  const ask = (probe: Probe) => askProbe(pod, probe, at, signal);
  if (startupProbe && !(await startup(startupProbe))) return;
  if (signal.aborted) return;
  events.started();
  await Promise.all([
    readinessProbe ? readiness(readinessProbe) : events.ready(true),
    livenessProbe && liveness(livenessProbe),
  ]);

  async function startup(probe: Probe): Promise<boolean> {
    for await (const why of answers(probe, ask, signal, true)) {
      if (why.failure === undefined) return true;
      if (!why.counts) continue;
      events.unhealthy('Startup', why.failure);
      if (why.failures >= (probe.failureThreshold ?? 3)) {
        events.lost('startup');
        return false;
      }
    }
    return false;
  }

  async function readiness(probe: Probe): Promise<void> {
    for await (const { failure, failures, successes, counts } of answers(probe, ask, signal, true)) {
      if (failure === undefined && successes >= (probe.successThreshold ?? 1)) events.ready(true);
      if (failure === undefined || !counts) continue;
      events.unhealthy('Readiness', failure);
      if (failures >= (probe.failureThreshold ?? 3)) events.ready(false);
    }
  }

  async function liveness(probe: Probe): Promise<void> {
    for await (const { failure, failures } of answers(probe, ask, signal, false)) {
      if (failure === undefined) continue;
      events.unhealthy('Liveness', failure);
      if (failures >= (probe.failureThreshold ?? 3)) return events.lost('liveness');
    }
  }
}

type Outcome = { failure?: string; failures: number; successes: number; counts: boolean };

// Asks again and again. While `eager` and never yet well, often; those early failures do not count, but for one a period.
async function* answers(
  probe: Probe,
  ask: (probe: Probe) => Promise<string | undefined>,
  signal: AbortSignal,
  eager: boolean,
): AsyncGenerator<Outcome> {
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  let [failures, successes, waitMs, soFarMs] = [0, 0, eager ? firstEveryMs : periodMs, 0];
  // Who is not asked eagerly is given a period to start in.
  await pause((probe.initialDelaySeconds ?? 0) * 1_000 + (eager ? 0 : periodMs), signal);
  while (!signal.aborted) {
    const failure = await ask(probe);
    if (signal.aborted) return;
    soFarMs += waitMs;
    const counts = failure === undefined || waitMs >= periodMs || soFarMs >= periodMs;
    if (counts) soFarMs = 0;
    if (failure === undefined) [successes, failures, waitMs] = [successes + 1, 0, periodMs];
    else [successes, failures, waitMs] = [0, failures + (counts ? 1 : 0), Math.min(periodMs, waitMs * 1.2)];
    yield { ...(failure !== undefined && { failure }), failures, successes, counts };
    await pause(waitMs, signal);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  ms <= 0 ? Promise.resolve() : delay(ms, undefined, { signal, ref: false }).catch(() => {});

/** Undefined when it is well, else why not. */
function askProbe(
  pod: Pod,
  { httpGet, tcpSocket, timeoutSeconds = 1 }: Probe,
  { podIP, connect }: ProbedPod,
  signal: AbortSignal,
): Promise<string | undefined> {
  const port = portNumber(pod, httpGet?.port ?? tcpSocket?.port) ?? 0;
  const timeout = timeoutSeconds * 1_000;
  const where = `${podIP}:${port}`;
  const socket = connect({ host: podIP, port });
  // A request that is aborted leaves its socket without a listener.
  socket.on('error', () => {});
  return new Promise((resolve) => {
    if (!httpGet) {
      const settle = (why?: string) => {
        signal.removeEventListener('abort', abort);
        socket.destroy();
        resolve(why);
      };
      const abort = () => settle('aborted');
      signal.addEventListener('abort', abort, { once: true });
      socket.setTimeout(timeout, () => settle(`dial tcp ${where}: i/o timeout`));
      socket.once('connect', () => settle());
      socket.once('error', (error: NodeJS.ErrnoException) =>
        settle(`dial tcp ${where}: ${error.code ?? error.message}`),
      );
      return;
    }
    const { path = '/', httpHeaders = [] } = httpGet;
    const headers = Object.fromEntries([
      ['user-agent', 'kube-probe/1.36'],
      ...httpHeaders.map(({ name, value }) => [name, value]),
    ]);
    const connection = { host: podIP, port, createConnection: () => socket };
    const request = get({ ...connection, path, headers, timeout, signal, agent: false }, (response) => {
      const { statusCode = 0 } = response;
      // A half-open socket stays when the other side has closed it.
      response.once('close', () => socket.destroy());
      response.resume();
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`);
    });
    request.once('timeout', () => request.destroy(new Error('context deadline exceeded')));
    request.once('error', (error: NodeJS.ErrnoException) =>
      resolve(`Get "http://${where}${path}": ${error.code ?? error.message}`),
    );
  });
}
