// Claims during a flood of forged tokens from a shell, and claims without it, in turns in one run. Each distinct
// token could cost a review by the API server, which is slow here.

import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { claimAll } from './claims.ts';
import { startCountingProxy } from './counting-proxy.ts';
import type { Done, Order } from './flood-process.ts';
import { startStandIn } from './stand-in.ts';
import { type Measure, measure, quantile } from './statistics.ts';
import { ask } from './tools.ts';

const poolSize = 100;
const rounds = 4;
const claimsPerRound = 150;
const perSecond = 500;
const reviewDelays = [20, 100];
const processFile = fileURLToPath(new URL('flood-process.ts', import.meta.url));

export async function benchFlood(directory: string): Promise<Measure[]> {
  const measures: Measure[] = [];
  const standIn = await startStandIn(join(directory, 'flood'), poolSize);
  const child = fork(processFile, { execArgv: ['--import=tsx'] });
  const flood = (rate: number) => {
    const claims = { namespace: standIn.namespace, serviceAccount: 'warmterm-webserver', issuer: standIn.issuer ?? '' };
    return ask<Done>(child, { url: standIn.managerUrl, perSecond: rate, claims } satisfies Order);
  };
  try {
    for (const delayMs of reviewDelays) {
      const proxy = await startCountingProxy(standIn.url, { reviewDelayMs: delayMs });
      await standIn.restart(proxy.rewrite(standIn.kubeconfig, `${standIn.kubeconfig}-${delayMs}`));
      const quiet: number[] = [];
      const flooded: number[] = [];
      let sent = 0;
      const round = async () => (await claimAll(standIn, poolSize, 1, claimsPerRound)).latencies;
      await round();
      for (let count = 0; count < rounds; count++) {
        quiet.push(...(await round()));
        await flood(perSecond);
        flooded.push(...(await round()));
        sent += (await flood(0)).sent;
      }
      const [before, under] = [quantile(quiet, 0.99), quantile(flooded, 0.99)];
      const name = `reviews of ${delayMs} ms`;
      measures.push(
        measure(`forged tokens sent, ${name}`, sent, ''),
        measure(`claim p50, quiet, ${name}`, quantile(quiet, 0.5), 'ms'),
        measure(`claim p50, under the flood, ${name}`, quantile(flooded, 0.5), 'ms'),
        measure(`claim p99, quiet, ${name}`, before, 'ms'),
        measure(`claim p99, under the flood, ${name}`, under, 'ms'),
        measure(`claim p99, under the flood : quiet, ${name}`, under / before, '×'),
        measure(`reviews asked for, ${name}`, proxy.reviews(), ''),
      );
      proxy.close();
    }
    return measures;
  } finally {
    child.disconnect();
    await standIn.close();
  }
}
