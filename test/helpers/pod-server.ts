// The server process of a pod of the stand-in: its memory and disk use, and signals to it.

import { readdirSync, readFileSync, statSync } from 'node:fs';

/** The process of the pod's server, not of its shell. Throws unless there is exactly one. */
export function podServer(uid: string): number {
  const isServer = (pid: string) =>
    read(pid, 'environ').includes(`WARMTERM_POD_UID=${uid}`) && read(pid, 'cmdline')[0] === process.execPath;
  const servers = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isServer(pid));
  if (servers.length !== 1) throw new Error(`The pod ${uid} has ${servers.length} servers.`);
  return Number(servers[0]);
}

function read(pid: string, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** The memory of a process in megabytes. */
export const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

/** Megabytes of deleted files that a process has open. */
export function unnamedFilesOf(pid: number): number {
  const sizes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      const stat = statSync(`/proc/${pid}/fd/${fd}`);
      return stat.isFile() && stat.nlink === 0 ? stat.blocks * 512 : 0;
    } catch {
      return 0;
    }
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 1_048_576;
}

/** The child process with this name. Throws if there is none. */
export function childOf(pid: number, name: string): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  const child = children.find((one) => read(one, 'comm')[0]?.trim() === name);
  if (child === undefined) throw new Error(`The process ${pid} has no child ${name}.`);
  return Number(child);
}
