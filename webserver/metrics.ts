// The webserver's metrics: its requests. Labels are bounded, because a visitor may request any path.

import type { Request, RequestHandler, Response } from 'express';
import { Counter, Histogram, Registry } from 'prom-client';

export type Metrics = { registry: Registry; countRequests: RequestHandler };

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'warmterm_http_requests_total',
    help: 'Requests by method, route and status. Status 0: the client disconnected before the answer',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'warmterm_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['route'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const countRequests: RequestHandler = (request, response, next) => {
    const stop = seconds.startTimer();
    response.once('close', () => {
      const route = routeOf(request, response);
      stop({ route });
      const status = response.writableFinished ? response.statusCode : 0;
      requests.inc({ method: methods.has(request.method) ? request.method : 'other', route, status });
    });
    next();
  };
  return { registry, countRequests };
}

const methods = new Set(['GET', 'HEAD', 'POST', 'DELETE']);

/** The route's pattern; `file` for a file of the page, `none` if there is no such path. */
function routeOf(request: Request, response: Response): string {
  const path: string | string[] | undefined = request.route?.path;
  if (path !== undefined) return [path].flat().join(' ');
  return response.statusCode < 400 ? 'file' : 'none';
}
