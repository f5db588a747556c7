// One run with a tty: a tmux session of its own, in which the command is the only process. The session stays when the command
// has ended, so that its last screen can be seen; tmux says how it ended.

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

/** How often it is looked at beside: somebody may end the session or its pane, of which no hook tells. */
const lookEveryMs = 1_000;
/** tmux reads the output of a pane before its child's end, and may lose the signal that tells of that (3.3a). */
const reapAgainMs = 50;

export type TtyOptions = CommandOptions & {
  size: Size;
  tmux: Pick<Tmux, 'run' | 'ask' | 'check' | 'waitFor'>;
  /** Where its script and its output are kept. */
  folder: string;
  /** How many bytes of what its screen is sent are kept as stdout; undefined: none, which costs a key nothing. */
  ringBytes: number | undefined;
  /** There is more of that. */
  onOutput: () => void;
  /** Resolves when those who watch the session have seen its last screen. */
  settled: () => Promise<void>;
};

/** Starts a command in a session of its own. Rejects when tmux is gone. */
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
  // All in one: the command cannot end between.
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

/** How the command in `pane` has ended; undefined when the pane or tmux itself was ended. */
async function watch(
  tmux: Pick<Tmux, 'ask' | 'check' | 'waitFor'>,
  { run, pane, server }: { run: string; pane: string; server: number },
): Promise<RunExit | undefined> {
  const over = new AbortController();
  let told = false;
  const died = tmux
    .waitFor(channel(run), over.signal)
    .catch(() => {})
    .then(() => {
      told = true;
    });
  try {
    for (let pauseMs = lookEveryMs; ; ) {
      const pause = delay(pauseMs, undefined, { signal: over.signal });
      await (told ? pause : Promise.race([died, pause]));
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
