// Resource usage of processes, from /proc. Source: proc(5).

import { readFileSync } from 'node:fs';
import { processesNaming } from '../../test/helpers/terminal-leftovers.ts';

const ticksPerSecond = 100;

/** CPU seconds of one process. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Proportional set size in MB of one process. */
export const pssMB = (pid: number): number =>
  Number(/^Pss:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1_024;

/** The most resident memory that one process has ever had, in MB. */
export const peakMB = (pid: number): number =>
  Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;

/** PSS in MB of all processes whose home is `directory`: the server, tmux, the shell. */
export const pssOfAllMB = (directory: string): number =>
  processesNaming(directory).reduce((sum, { pid }) => sum + pssMB(pid), 0);
