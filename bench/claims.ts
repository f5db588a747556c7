// Claims: how fast the real manager claims pods of the stand-in, at several pool sizes, and how many writes each costs.
// The pods are hollow (no processes), so that only the claim path is measured: HTTP, pick, one conditional write, ticket.

import { join } from 'node:path';
import { startCountingProxy } from './counting-proxy.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { type Measure, measure, quantile } from './statistics.ts';

const claimsPerSize = 300;
const atOnce = 32;

export async function benchClaims(directory: string, sizes: number[]): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const size of sizes) {
    const standIn = await startStandIn(join(directory, `claims-${size}`), size);
    try {
      const { latencies: alone } = await claimAll(standIn, size, 1);
      const { latencies: together, perSecond } = await claimAll(standIn, size, atOnce);
      measures.push(
        measure(`claim p50, pool of ${size}, one at a time`, quantile(alone, 0.5), 'ms'),
        measure(`claim p99, pool of ${size}, one at a time`, quantile(alone, 0.99), 'ms'),
        measure(`claim p50, pool of ${size}, ${atOnce} at once`, quantile(together, 0.5), 'ms'),
        measure(`claim p99, pool of ${size}, ${atOnce} at once`, quantile(together, 0.99), 'ms'),
        measure(`claims per second, pool of ${size}, ${atOnce} at once`, perSecond, '/s'),
      );
      if (size === sizes[0]) {
        measures.push(measure('Kubernetes writes per claim', await writesPerClaim(standIn, size), ''));
      }
    } finally {
      await standIn.close();
    }
  }
  return measures;
}

/** Claims every pod of the pool, `width` at a time, and repeats until there are enough samples. */
export async function claimAll(standIn: StandIn, size: number, width: number, claims = claimsPerSize) {
  const latencies: number[] = [];
  let busyMs = 0;
  while (latencies.length < claims) {
    await standIn.allReady();
    const claimed: string[] = [];
    let left = Math.min(size, claims);
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: Math.min(width, left) }, async () => {
        while (left-- > 0) {
          const from = performance.now();
          claimed.push(await standIn.claim());
          latencies.push(performance.now() - from);
        }
      }),
    );
    busyMs += performance.now() - startedAt;
    await standIn.end(claimed);
  }
  return { latencies, perSecond: (latencies.length / busyMs) * 1_000, busyMs };
}

async function writesPerClaim(standIn: StandIn, size: number): Promise<number> {
  const proxy = await startCountingProxy(standIn.url);
  try {
    await standIn.allReady();
    await standIn.restart(proxy.rewrite(standIn.kubeconfig, `${standIn.kubeconfig}-counted`));
    await standIn.allReady();
    const before = proxy.writes();
    const claims = Math.min(size, 10);
    for (let count = 0; count < claims; count++) await standIn.claim();
    return (proxy.writes() - before) / claims;
  } finally {
    await standIn.restart();
    proxy.close();
  }
}
