// A class of forty on the real cluster that KUBECONFIG names, with the chart and real pods: how early their seats are ready,
// and how long visitors wait who all come within a minute.

import { setTimeout as delay } from 'node:timers/promises';
import { installRelease, type Release } from '../test/helpers/release.ts';
import { createVisitor, poolStatus } from '../test/helpers/system.ts';
import { type Measure, measure, quantile } from './statistics.ts';
import { until } from './tools.ts';

const seats = 40;
const announcedMs = 4 * 60_000;
const arrivalMs = 60_000;
const patienceMs = 300_000;

export async function benchClass(): Promise<Measure[]> {
  const release = await installRelease({
    'poolDefaults.spare': '1',
    'poolDefaults.max': String(seats + 5),
    // No client connects to the terminals claimed below.
    'poolDefaults.connectTimeout': '1h',
    'poolDefaults.scaleDownDelay': '5s',
  });
  const status = () => poolStatus(release);
  const reserve = async (from: number, to: number) => {
    const time = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
    const window = { name: 'class', from: time(from), to: time(to), ready: seats };
    await release.transport.request({
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${release.namespace}/statefulsets/default`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { 'warmterm.dev/prewarm': JSON.stringify([window]) } } },
    });
  };
  try {
    await until(async () => (await status().catch(() => undefined))?.ready === 1, 200, patienceMs);
    const start = Math.ceil((Date.now() + announcedMs) / 1_000) * 1_000;
    await reserve(start, start + 3_600_000);
    await until(async () => (await status()).windows[0]?.fits === 'yes', 200, patienceMs);
    await until(async () => (await status()).ready > 1, 200, patienceMs);
    const firstAt = Date.now();
    await until(async () => (await status()).ready >= seats, 200, patienceMs);
    const readyAt = Date.now();
    await delay(Math.max(0, start - Date.now()));

    const visits = await Promise.all(Array.from({ length: seats }, () => visit(release, Math.random() * arrivalMs)));
    const waits = visits.map(({ ms }) => ms);

    const overAt = Date.now();
    await reserve(start, overAt - 1_000);
    await until(async () => (await status()).ready <= 1, 200, patienceMs);
    return [
      measure(`class: the ${seats} seats are ready before the start by`, (start - readyAt) / 1_000, 's'),
      measure('class: from the second seat ready to the last', (readyAt - firstAt) / 1_000, 's'),
      measure(`class: of ${seats} visitors within a minute wait`, visits.filter(({ waits }) => waits).length, ''),
      measure('class: claim p50', quantile(waits, 0.5), 'ms'),
      measure('class: claim, slowest', quantile(waits, 1), 'ms'),
    ];
  } finally {
    await release.discard();
  }
}

/** Waits this long, then claims once. */
async function visit(release: Release, afterMs: number) {
  await delay(afterMs);
  const startedAt = performance.now();
  const { status } = await createVisitor(release).ask();
  return { ms: performance.now() - startedAt, waits: status === 'waiting' };
}
