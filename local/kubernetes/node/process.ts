// One process of a container, in a sandbox or not: how it is started, asked to end, and made to end with all its
// children.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { startInternet } from './internet.ts';

// Marks on the processes of a cluster and of a pod, so that those which leave their process group are found too.
export const clusterMark = 'LOCAL_CLUSTER_ID';
const podMark = 'LOCAL_POD_UID';

export type Exit = { exitCode: number; signal?: number };
export type Started = {
  exited: Promise<Exit>;
  /** SIGTERM to the container's own process. */
  terminate: () => void;
  /** SIGKILL to everything that it started. */
  kill: () => void;
};

/** `sandboxed`: `command` is bubblewrap's, reporting on descriptor 3. Resolves once it runs, rejects when it cannot. */
export function startProcess(options: {
  command: string[];
  environment: Record<string, string>;
  workingDirectory: string;
  logFile: number;
  sandboxed: boolean;
  /** Whether its network is to be carried to the internet. */
  internet: boolean;
  podUid: string;
  clusterId: string;
}): Promise<Started> {
  const { command, environment, workingDirectory, logFile, sandboxed, internet, podUid, clusterId } = options;
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: workingDirectory,
    env: { ...environment, [clusterMark]: clusterId, [podMark]: podUid },
    stdio: ['ignore', logFile, logFile, ...(sandboxed ? (['pipe'] as const) : [])],
    detached: true,
  });
  // The first process inside: bubblewrap's own, with process id 1 there; the container's command is its child.
  let inside: number | undefined;
  let doomed = false;
  let stopInternet = () => {};
  const report = child.stdio[3] as Readable | undefined;
  report?.on('data', (line: Buffer) => {
    if (inside !== undefined) return;
    inside = Number(/"child-pid": (\d+)/.exec(line.toString())?.[1]) || undefined;
    if (inside === undefined) return;
    // Root's is the network of the process inside; another user's was made around bubblewrap.
    if (internet && !doomed) stopInternet = startInternet(process.getuid?.() === 0 ? inside : child.pid!);
    if (doomed) kill();
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      stopInternet();
      const number = signal === null ? undefined : (signals[signal] ?? 1);
      resolve(number === undefined ? { exitCode: code ?? 1 } : { exitCode: 128 + number, signal: number });
    });
  });
  const send = (pid: number | undefined, signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(pid, signal);
    } catch {
      // It is gone: that is what was wanted.
    }
  };
  function kill(): void {
    doomed = true;
    // bubblewrap's inner process asks to die with the outer one only some time after it was born: killing the outer one
    // before the inner one is known would leave it behind.
    if (sandboxed && inside === undefined) return;
    send(inside, 'SIGKILL');
    send(child.pid, 'SIGKILL');
    if (!sandboxed && child.pid !== undefined) send(-child.pid, 'SIGKILL');
  }
  function terminate(): void {
    // A pid namespace's first process ignores signals that it does not handle, and bubblewrap passes none on.
    const main = sandboxed ? childOf(inside) : child.pid;
    if (main === undefined) kill();
    else send(main, 'SIGTERM');
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve({ exited, terminate, kill }));
  });
}

const signals: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || undefined;
  } catch {
    return undefined;
  }
}

/** SIGKILL to every process of a pod, wherever it has gone; returns how many there were. */
export function killMarked(podUid: string): number {
  const wanted = Buffer.from(`${podMark}=${podUid}\0`);
  let count = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (!readFileSync(`/proc/${entry}/environ`).includes(wanted)) continue;
      process.kill(Number(entry), 'SIGKILL');
      count += 1;
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return count;
}
