// A running tmux control client: sends commands, receives answers, and notices its end at once. It needs no process per question and no polling.

import { spawn } from 'node:child_process';
import { ControlParser } from './control-mode.ts';

export type ControlClient = {
  /** Its process; undefined if tmux could not be started. */
  pid: number | undefined;
  /** Runs one tmux command and returns its output. Rejects if tmux refuses it or is gone. */
  command: (command: string) => Promise<string>;
  /** Resolves once the client is attached to a session; rejects if it ends before. */
  attached: Promise<void>;
  /** Resolves when the client has ended, with its error output. */
  closed: Promise<string>;
};

/** Starts `tmux` with `args`, which must include `-C`. */
export function startControlClient(
  args: string[],
  options: {
    environment: Record<string, string>;
    cwd: string;
    onOutput?: () => void;
    onPaneMode?: () => void;
    onWindows?: () => void;
  },
): ControlClient {
  const child = spawn('tmux', args, { env: options.environment, cwd: options.cwd, stdio: 'pipe' });
  const parser = new ControlParser();
  const waiting: { resolve: (text: string) => void; reject: (error: Error) => void }[] = [];
  const attached = settleable<void>();
  const closed = settleable<string>();
  attached.promise.catch(() => {});
  let complaint = '';
  let open = true;

  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    for (const message of parser.push(piece)) {
      if (message.kind === 'output') options.onOutput?.();
      else if (message.kind === 'attached') attached.resolve();
      else if (message.kind === 'pane-mode') options.onPaneMode?.();
      else if (message.kind === 'windows') options.onWindows?.();
      else if (message.failed) waiting.shift()?.reject(new Error(`tmux: ${message.text}`));
      else waiting.shift()?.resolve(message.text);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    complaint = (complaint + piece).slice(-1_000);
  });
  const end = (error?: Error) => {
    if (!open) return;
    open = false;
    const gone = new Error(`tmux is gone${complaint ? `: ${complaint.trim()}` : ''}`, { cause: error });
    attached.reject(gone);
    for (const { reject } of waiting.splice(0)) reject(gone);
    closed.resolve(error ? error.message : complaint.trim());
  };
  child.once('error', end);
  child.once('close', () => end());
  // A client that has just ended does not take the command. `close` reports its end.
  child.stdin.on('error', () => {});

  return {
    pid: child.pid,
    attached: attached.promise,
    closed: closed.promise,
    command: (command) =>
      new Promise((resolve, reject) => {
        if (!open) return reject(new Error('tmux is gone'));
        waiting.push({ resolve, reject });
        child.stdin.write(`${command}\n`);
      }),
  };
}

function settleable<T>() {
  let settle: { resolve: (value: T) => void; reject: (error: Error) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return {
    promise,
    resolve: (value: T) => settle?.resolve(value),
    reject: (error: Error) => settle?.reject(error),
  };
}
