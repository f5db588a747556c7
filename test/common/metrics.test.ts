// The port on which a service serves its metrics.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { metricsPart } from '../../common/http/metrics.ts';
import { readMetrics } from '../helpers/metrics.ts';

const host = '127.0.0.1';

test('metrics: serves its own and Node’s metrics on its port until stopped', async (t) => {
  const registry = new Registry();
  new Counter({ name: 'warmterm_things_total', help: 'Things', registers: [registry] }).inc(3);
  let resolve = (_: number) => {};
  const listening = new Promise<number>((done) => {
    resolve = done;
  });
  const log = pino({ level: 'info' }, { write: (line) => resolve(JSON.parse(line).port) });
  const { metrics } = metricsPart(registry, { host, port: 0, log });
  const abort = new AbortController();
  t.teardown(() => abort.abort());
  const ended = metrics!(abort.signal, abort.signal);
  const url = `http://${host}:${await listening}`;
  const response = await fetch(`${url}/metrics`);
  t.regex(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const samples = readMetrics(await response.text());
  t.is(samples.get('warmterm_things_total'), 3);
  t.true(samples.get('process_resident_memory_bytes')! > 1e6);
  t.is((await fetch(`${url}/api/pools`)).status, 404);
  t.is((await fetch(`${url}/metrics`, { method: 'POST' })).status, 404);
  abort.abort();
  await ended;
  await t.throwsAsync(fetch(`${url}/metrics`));
});

test('metrics: serves nothing without a port', (t) => {
  t.deepEqual(metricsPart(new Registry(), { host, port: undefined, log: pino({ level: 'silent' }) }), {});
});

test('inv 10: metrics: a port in use is reported by its setting', async (t) => {
  const other = createServer().listen(0, host);
  await once(other, 'listening');
  t.teardown(() => other.close());
  const { port } = other.address() as AddressInfo;
  const { metrics } = metricsPart(new Registry(), { host, port, log: pino({ level: 'silent' }) });
  const message = `METRICS_PORT=${port}: another process already listens on this port`;
  const { signal } = new AbortController();
  await t.throwsAsync(metrics!(signal, signal), { code: 'invalid-config', message });
});
