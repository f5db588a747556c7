// Records of the runs, in a folder that outlives this process. If a server is killed but its container lives on, its commands do too. The next
// server ends them, and can report what happened.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type StartRun, startRunSchema } from '../../common/runs.ts';

/** A process and its start time: the kernel reuses numbers. */
type Identity = { pid: number; startedAt: string };
type Stat = Identity & { group: number };

const identitySchema = z.strictObject({ pid: z.number().int().min(2), startedAt: z.string() });
const recordSchema = z.strictObject({ server: identitySchema, leader: identitySchema, request: startRunSchema });
export type RunRecord = z.infer<typeof recordSchema>;

export type RunRecords = {
  /** Records a started run without a tty; `pid` leads its process group. */
  add: (request: StartRun, pid: number) => void;
  remove: (run: string) => void;
  /** Kills the processes that earlier servers left behind, and returns their requests, once. */
  endLeftovers: () => StartRun[];
  /** Removes the folder if it is empty. */
  close: () => void;
};

export function createRunRecords(folder: string): RunRecords {
  const pathOf = (run: string) => join(folder, `${run}.json`);
  const server = identify(process.pid);
  return {
    add(request, pid) {
      const leader = identify(pid);
      if (!server || !leader) return;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const draft = `${pathOf(request.run)}.${process.pid}`;
        writeFileSync(draft, JSON.stringify({ server, leader, request } satisfies RunRecord), { mode: 0o600 });
        renameSync(draft, pathOf(request.run));
      } catch {
        // A full disk keeps no command from being run.
      }
    },
    remove: (run) => rmSync(pathOf(run), { force: true }),
    endLeftovers() {
      const found = list(folder).map((name) => ({ path: join(folder, name), record: read(join(folder, name)) }));
      const left = found.filter(({ record }) => !record || !isAlive(record.server));
      const processes = left.length > 0 ? allProcesses() : [];
      for (const { path, record } of left) {
        if (record) for (const { pid } of membersOf(record, processes)) kill(pid);
        rmSync(path, { recursive: true, force: true });
      }
      return left.flatMap(({ record }) => (record ? [record.request] : []));
    },
    close() {
      try {
        rmdirSync(folder);
      } catch {
        // There is no folder, or another server has records in it.
      }
    },
  };
}

/** The fields of /proc/PID/stat (proc_pid_stat(5)) that distinguish processes with the same number. Pure. */
export function parseStat(text: string): Stat {
  const [, , group, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number.parseInt(text, 10), group: Number(group), startedAt: rest[16] ?? '' };
}

function identify(pid: number): Identity | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const { startedAt } = parseStat(text);
  return { pid, startedAt };
}

const isAlive = ({ pid, startedAt }: Identity): boolean => identify(pid)?.startedAt === startedAt;

const allProcesses = (): Stat[] =>
  list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readText(`/proc/${pid}/stat`))
    .flatMap((text) => (text === undefined ? [] : [parseStat(text)]));

/** The process group of a run. Without its leader the number may be another group's, so match by the run's name. */
function membersOf({ leader, request }: RunRecord, processes: readonly Stat[]): Stat[] {
  const group = processes.filter((one) => one.group === leader.pid);
  const first = group.find(({ pid }) => pid === leader.pid);
  if (first) return first.startedAt === leader.startedAt ? group : [];
  const name = `\0WARMTERM_RUN=${request.run}\0`;
  return group.filter(({ pid }) => `\0${readText(`/proc/${pid}/environ`)}`.includes(name));
}

function read(path: string): RunRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended, or its user has changed.
  }
}
