// `warmterm run`: a cold client from its start to its exit, and a pipe through a terminal, compared to kubectl on the real
// cluster that KUBECONFIG may name.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { requestJson } from '../common/http/client.ts';
import { poolsSchema } from '../common/manager-api.ts';
import { paths } from '../common/terminals-api.ts';
import { noAddressLimits } from '../local/pool.ts';
import { startSystem } from '../local/system.ts';
import { silent } from '../test/helpers/manager.ts';
import { type Measure, measure, median, quantile } from './statistics.ts';
import { until } from './tools.ts';

const rounds = 20;
const kubectlRounds = 5;
const pipeBytes = 200_000_000;
const dist = new URL('../dist/', import.meta.url);
const client = fileURLToPath(new URL('cli/warmterm.mjs', dist));
/** `kubectl run` starts a pod of this image; the cluster has to have it, or be able to pull it. */
const image = process.env.WARMTERM_BENCH_IMAGE ?? 'busybox';

export async function benchRun(directory: string): Promise<Measure[]> {
  mkdirSync(directory, { recursive: true });
  // The kubeconfig of the cluster to compare with, because the system below sets its own.
  const kubeconfig = process.env.KUBECONFIG;
  const system = await startSystem({
    directory,
    dist,
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas: 3, settings: { spare: '2', max: '40', connectTimeout: '1m', ...noAddressLimits } },
  });
  const env = { PATH: process.env.PATH ?? '', HOME: directory, WARMTERM_URL: system.pageUrl };
  const refilled = () =>
    until(async () => {
      const request = {
        url: system.pageUrl.slice(0, -1) + paths.hostPools,
        token: system.hostToken,
        deadlineMs: 5_000,
      };
      const { pools } = await requestJson({ ...request, method: 'GET', answer: poolsSchema });
      return (pools[0]?.ready ?? 0) >= 2 && pools[0]?.recreating === 0;
    });
  try {
    await refilled();
    const node = await times(rounds, () => timed('node', ['-e', '0'], env));
    const own = await times(rounds, () => timed(process.execPath, [client, '--version'], env));
    const runOnce = async () => {
      await refilled();
      return timed(process.execPath, [client, 'run', '--', 'true'], env);
    };
    const cold = await times(rounds, runOnce);
    await refilled();
    const pipeMs = await pipe(process.execPath, [client, 'run', '--', 'cat'], env);
    return [
      measure('warmterm run -- true: cold client → exit, median', median(cold), 'ms'),
      measure('warmterm run -- true: slowest of 20', quantile(cold, 1), 'ms'),
      measure('of these: node -e 0, median', median(node), 'ms'),
      measure('of these: warmterm --version, median', median(own), 'ms'),
      measure('the rest: claim, connection, command, end', median(cold) - median(own), 'ms'),
      measure('200 MB through warmterm run -- cat, there and back', pipeBytes / 1_000 / pipeMs, 'MB/s'),
      ...(await benchKubectl(kubeconfig, runOnce)),
    ];
  } finally {
    await system.close();
  }
}

/** The same with kubectl, in turns with `runOnce`. Without a cluster, prints a notice and measures nothing. */
async function benchKubectl(kubeconfig: string | undefined, runOnce: () => Promise<number>): Promise<Measure[]> {
  if (!kubeconfig) {
    process.stderr.write('KUBECONFIG is not set: nothing to compare with kubectl.\n');
    return [];
  }
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', KUBECONFIG: kubeconfig };
  const name = `warmterm-bench-${process.pid}`;
  const kubectl = (...args: string[]) => timed('kubectl', args, env);
  await kubectl('run', name, `--image=${image}`, '--restart=Never', '--command', '--', 'sleep', '3600');
  try {
    await kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s');
    const [own, exec, run]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < kubectlRounds; round++) {
      own.push(await runOnce());
      exec.push(await kubectl('exec', name, '--', 'true'));
      const once = [
        'run',
        `${name}-once`,
        '--rm',
        '-i',
        `--image=${image}`,
        '--restart=Never',
        '--command',
        '--',
        'true',
      ];
      run.push(await kubectl(...once));
    }
    const pipeMs = await pipe('kubectl', ['exec', '-i', name, '--', 'cat'], env);
    return [
      measure('kubectl exec POD -- true, in a pod that is there, median', median(exec), 'ms'),
      measure('kubectl run --rm -i -- true, median', median(run), 'ms'),
      measure('warmterm run ÷ kubectl exec, in turns', median(own) / median(exec), '×'),
      measure('kubectl run ÷ warmterm run, in turns', median(run) / median(own), '×'),
      measure('200 MB through kubectl exec -i -- cat, there and back', pipeBytes / 1_000 / pipeMs, 'MB/s'),
    ];
  } finally {
    await kubectl('delete', 'pod', name, '--now', '--wait=false');
  }
}

async function times(count: number, once: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await once());
  return values;
}

/** Milliseconds from the start of a process to its exit. Throws when it fails. */
async function timed(program: string, args: string[], env: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} has ended with ${code}.`);
  return performance.now() - startedAt;
}

/** Milliseconds that `pipeBytes` take through the stdin and stdout of a process. */
async function pipe(program: string, args: string[], env: Record<string, string>): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let got = 0;
  child.stdout.on('data', (bytes: Buffer) => {
    got += bytes.length;
  });
  const piece = Buffer.alloc(1_000_000, 'warmterm');
  for (let sent = 0; sent < pipeBytes; sent += piece.length) {
    if (!child.stdin.write(piece)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await once(child, 'close');
  if (got !== pipeBytes) throw new Error(`${program}: ${got} bytes of ${pipeBytes} came back.`);
  return performance.now() - startedAt;
}
