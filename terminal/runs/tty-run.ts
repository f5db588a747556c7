// A run with a tty: a tmux session whose only process is the command. The session stays after the command's end, so that its last screen can
// be seen. tmux reports how it ended.

import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunExit } from '../../common/runs.ts';
import type { Size } from '../../common/socket.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { type Command, type CommandOptions, neverStarted } from './command.ts';
import { findCommand } from './find-command.ts';
import { ProcessGroup } from './process-group.ts';
import { createRecording, type Recording } from './recording.ts';
import { ttyScript } from './tty-script.ts';

/** How often to check that the session exists: no hook reports that a session or pane was killed. */
const lookEveryMs = 1_000;
/** tmux may read a pane's last output before its child's end, and then miss the signal that reports it (3.3a). */
const reapAgainMs = 50;

export type TtyOptions = CommandOptions & {
  size: Size;
  tmux: Pick<Tmux, 'run' | 'ask' | 'check' | 'waitFor'>;
  /** Folder for its script and output. */
  folder: string;
  /** How many bytes of screen output are kept as stdout; undefined: none, so that keys cost nothing more. */
  ringBytes: number | undefined;
  /** There is more screen output. */
  onOutput: () => void;
  /** Resolves when all viewers have seen the last screen. */
  settled: () => Promise<void>;
};

/** Starts a command in a session of its own. Rejects if tmux is gone. */
export async function startTty(options: TtyOptions): Promise<Command> {
  const { run, command, environment, directory, size, tmux, folder, ringBytes, onOutput, settled } = options;
  const [name = '', ...args] = command;
  const found = findCommand(name, directory, options.searchPath);
  if ('exit' in found) return neverStarted(found.exit);
  const script = join(folder, `${run}.sh`);
  writeFileSync(script, ttyScript({ path: found.path, args, directory, environment }), { mode: 0o600 });
  const kept = ringBytes !== undefined;
  const recording = kept ? await createRecording({ run, folder, ringBytes, onOutput }) : undefined;
  const { session, pane, pid, server } = await create(tmux, { run, size, script, recording }).catch((error) => {
    recording?.forget();
    throw error;
  });
  const group = new ProcessGroup(pid);
  let attachable = true;
  const ended = (async () => {
    const exit = await watch(tmux, { run, pane, server });
    group.ended();
    rmSync(script, { force: true });
    await recording?.finish(tmux, pane);
    if (exit === undefined) {
      attachable = false;
      return { signal: 'SIGHUP', message: 'The tmux session of the command was ended.' };
    }
    await settled();
    return exit;
  })();
  return {
    ...neverStarted({}),
    output: recording?.output,
    get session() {
      return attachable ? session : undefined;
    },
    signal: (signal) => group.signal(signal),
    terminate: (plan) => group.terminate(plan),
    ended,
    forget: () => {
      if (attachable) tmux.ask(`kill-session -t '${session}'`).catch(() => {});
      attachable = false;
      recording?.forget();
    },
  };
}

async function create(
  tmux: Pick<Tmux, 'run'>,
  { run, size, script, recording }: { run: string; size: Size; script: string; recording: Recording | undefined },
): Promise<{ session: string; pane: string; pid: number; server: number }> {
  const target = ['-p', '-t', `=run-${run}:`];
  let text = '';
  // In one request, so that the command cannot end in between.
  await tmux.run(
    [
      ...['new-session', '-d', '-P', '-F', '#{session_id} #{pane_id} #{pane_pid} #{pid}', '-s', `run-${run}`],
      ...['-x', String(size.cols), '-y', String(size.rows), 'sh', script],
      ...[';', 'set-option', ...target, 'remain-on-exit', 'on'],
      ...[';', 'set-option', ...target, 'remain-on-exit-format', ''],
      ...[';', 'set-hook', ...target, 'pane-died', `wait-for -S ${channel(run)}`],
      ...(recording ? [';', ...recording.begin(target.slice(1))] : []),
    ],
    (bytes) => {
      text += bytes;
    },
  );
  const [session = '', pane = '', pid, server] = text.trim().split(' ');
  return { session, pane, pid: Number(pid), server: Number(server) };
}

const listPanes = "list-panes -a -F '#{pane_id} #{pane_dead} #{pane_dead_status} #{pane_dead_signal}'";
const channel = (run: string) => `run-${run}-ended`;

/** How the command in `pane` ended; undefined if the pane or tmux itself was killed. */
async function watch(
  tmux: Pick<Tmux, 'ask' | 'check' | 'waitFor'>,
  { run, pane, server }: { run: string; pane: string; server: number },
): Promise<RunExit | undefined> {
  const over = new AbortController();
  let announced = false;
  const died = tmux
    .waitFor(channel(run), over.signal)
    .catch(() => {})
    .then(() => {
      announced = true;
    });
  try {
    for (let pauseMs = lookEveryMs; ; ) {
      const pause = delay(pauseMs, undefined, { signal: over.signal });
      await (announced ? pause : Promise.race([died, pause]));
      const panes = await tmux.ask(listPanes).catch(() => undefined);
      if (panes === undefined && (await tmux.check())) continue;
      const line = panes?.split('\n').find((text) => text.startsWith(`${pane} `));
      if (line === undefined) return undefined;
      const [, dead, status, signal] = line.split(' ');
      if (status) return { code: Number(status) };
      if (signal) return { signal: signalName(Number(signal)) };
      pauseMs = dead === '1' ? reapAgainMs : lookEveryMs;
      if (dead === '1') process.kill(server, 'SIGCHLD');
    }
  } finally {
    over.abort();
  }
}

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
