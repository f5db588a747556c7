// The process of a container, in a sandbox or not: starts it, asks it to end, and kills it with all its children.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { startInternet } from './internet.ts';

// Environment variables that mark the processes of a cluster and of a pod, to find also those that leave their process group.
export const clusterMark = 'LOCAL_CLUSTER_ID';
const podMark = 'LOCAL_POD_UID';

export type Exit = { exitCode: number; signal?: number };
export type Started = {
  exited: Promise<Exit>;
  /** Sends SIGTERM to the container's own process. */
  terminate: () => void;
  /** Sends SIGKILL to the process and everything that it started. */
  kill: () => void;
};

/** `sandboxed`: `command` is bubblewrap, which reports on descriptor 3. Resolves once it runs, rejects when it cannot. */
export function startProcess(options: {
  command: string[];
  environment: Record<string, string>;
  workingDirectory: string;
  logFile: number;
  sandboxed: boolean;
  /** Whether to connect its network to the internet. */
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
  // The first process inside is bubblewrap's own. The container's command is its child.
  let inside: number | undefined;
  let doomed = false;
  let stopInternet = () => {};
  const report = child.stdio[3] as Readable | undefined;
  report?.on('data', (line: Buffer) => {
    if (inside !== undefined) return;
    inside = Number(/"child-pid": (\d+)/.exec(line.toString())?.[1]) || undefined;
    if (inside === undefined) return;
    // For root, the network belongs to the process inside; for another user it was made around bubblewrap.
    if (internet && !doomed) stopInternet = startInternet(process.getuid?.() === 0 ? inside : child.pid!);
    if (doomed) kill();
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      stopInternet();
      const number = signal === null ? undefined : constants.signals[signal];
      resolve(number === undefined ? { exitCode: code ?? 1 } : { exitCode: 128 + number, signal: number });
    });
  });
  const send = (pid: number | undefined, signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(pid, signal);
    } catch {
      // It is gone already.
    }
  };
  function kill(): void {
    doomed = true;
    // bubblewrap's inner process asks to die with the outer one only a while after its start. Until it is known, killing the outer one
    // would leave it behind.
    if (sandboxed && inside === undefined) return;
    send(inside, 'SIGKILL');
    send(child.pid, 'SIGKILL');
    if (!sandboxed && child.pid !== undefined) send(-child.pid, 'SIGKILL');
  }
  function terminate(): void {
    // The first process of a pid namespace ignores SIGTERM, and bubblewrap forwards no signals.
    const main = sandboxed ? childOf(inside) : child.pid;
    if (main === undefined) kill();
    else send(main, 'SIGTERM');
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve({ exited, terminate, kill }));
  });
}

function childOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || undefined;
  } catch {
    return undefined;
  }
}

/** Sends SIGKILL to every process of a pod, in whatever process group. Returns how many there were. */
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
      // It is gone, or belongs to another user.
    }
  }
  return count;
}
