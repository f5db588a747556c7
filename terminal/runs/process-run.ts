// A run without a tty: a process group of its own with pipes. stdout and stderr are separate and unchanged.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import type { RunExit, Stream } from '../../common/runs.ts';
import { type Command, type CommandOptions, neverStarted } from './command.ts';
import { Drain } from './drain.ts';
import { findCommand } from './find-command.ts';
import { RunInput } from './input.ts';
import { makePipes } from './pipes.ts';
import { ProcessGroup } from './process-group.ts';
import { Ring } from './ring.ts';

export type ProcessOptions = CommandOptions & {
  stdin: boolean;
  /** Folder for its pipes and rings. */
  folder: string;
  /** Bytes kept of each stream. */
  ringBytes: number;
  /** A stream has more output. */
  onOutput: (stream: Stream) => void;
};

/** Starts a command. Rejects if its pipes or rings cannot be created. */
export async function startProcess(options: ProcessOptions): Promise<Command> {
  const { run, command, environment, directory, folder, ringBytes, onOutput } = options;
  const [name = '', ...args] = command;
  const found = findCommand(name, directory, options.searchPath);
  if ('exit' in found) return neverStarted(found.exit);
  const pipes = await makePipes(folder, { stdin: options.stdin });
  const output = {
    stdout: new Ring(join(folder, `${run}-stdout`), ringBytes),
    stderr: new Ring(join(folder, `${run}-stderr`), ringBytes),
  };
  const forget = () => {
    output.stdout.close();
    output.stderr.close();
  };
  const input = pipes.stdin && new RunInput(pipes.stdin);
  const drains = {
    stdout: new Drain(pipes.stdout, output.stdout, () => onOutput('stdout')),
    stderr: new Drain(pipes.stderr, output.stderr, () => onOutput('stderr')),
  };
  let child: ChildProcess;
  try {
    const { stdio } = pipes;
    child = spawn(found.path, args, { argv0: name, cwd: directory, env: environment, detached: true, stdio });
    pipes.handedOver();
    if (child.pid === undefined) await once(child, 'spawn');
  } catch (error) {
    pipes.handedOver();
    input?.close();
    pipes.stdout.destroy();
    pipes.stderr.destroy();
    forget();
    return neverStarted(explain(name, error as NodeJS.ErrnoException));
  }
  const group = new ProcessGroup(child.pid ?? 0);
  makeExpendable(child.pid ?? 0);
  const ended = (async (): Promise<RunExit> => {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    group.ended();
    input?.close();
    for (const drain of [drains.stdout, drains.stderr]) drain.commandEnded();
    await Promise.all([drains.stdout.over, drains.stderr.over]);
    return signal === null ? { code: code ?? 0 } : { signal };
  })();
  return {
    output,
    input,
    pid: child.pid,
    session: undefined,
    signal: (signal) => group.signal(signal),
    terminate: (plan) => group.terminate(plan),
    limit: (stream, taken) => drains[stream].limit(taken),
    ended,
    forget,
  };
}

function explain(name: string, { code, message }: NodeJS.ErrnoException): RunExit {
  const command = JSON.stringify(name);
  if (code === 'ENOENT')
    return { cause: 'not-found', message: `The command ${command}, or its interpreter, was not found.` };
  if (code === 'E2BIG') return { cause: 'not-executable', message: `An argument of ${command} is too long.` };
  return { cause: 'not-executable', message: `The command ${command} could not be executed: ${message}.` };
}

// As for the shell (tmux.ts): when memory or processors are short, the command suffers before the server.
function makeExpendable(pid: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + 10));
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // It has already ended, or its user has changed, as after sudo.
  }
}
