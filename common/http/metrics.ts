// Serves a service's metrics to Prometheus on a port of its own: terminals and visitors, who can reach the service, must not read them.

import type { RequestListener } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { Logger } from '../log.ts';
import type { Part } from '../service.ts';
import { serve } from './server.ts';

/** The part that serves `registry` and Node's own metrics; no part if no port is set. */
export function metricsPart(
  registry: Registry,
  { host, port, log }: { host: string; port: number | undefined; log: Logger },
): Record<string, Part> {
  if (port === undefined) return {};
  collectDefaultMetrics({ register: registry });
  const onListening = (at: { host: string; port: number }) => log.info(at, 'serving metrics');
  const options = { host, port, setting: 'METRICS_PORT', onListening };
  return { metrics: (signal, leaving) => serve(answerMetrics(registry), { ...options, leaving }, signal) };
}

/** Answers GET /metrics in Prometheus' text format, and nothing else. */
export const answerMetrics =
  (registry: Registry): RequestListener =>
  async (request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is GET /metrics only.\n');
      return;
    }
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  };
