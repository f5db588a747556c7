// Records the output of a tmux pane in a ring, as for any run: tmux pipes it to a `cat`, which writes to a pipe that this process reads. tmux
// buffers what the pipe does not take at once, and drops that when the pipe is closed. So the `cat` is ended only when tmux, the `cat` and the
// pipe are all empty.

import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Stream } from '../../common/runs.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { Ring } from './ring.ts';
import { quote } from './tty-script.ts';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
const run = promisify(execFile);

const lookEveryMs = 10;
/** The timeout for a `cat` that does not become idle, because the visitor has stopped it. */
const patienceMs = 10_000;

export type Recording = {
  output: Record<Stream, Ring>;
  /** The tmux command that starts the recording. Run it with the one that creates the pane, so that no output is missed. */
  begin: (target: string[]) => string[];
  /** The command in `pane` has ended: resolves when the ring has all its output. */
  finish: (tmux: Pick<Tmux, 'ask'>, pane: string) => Promise<void>;
  /** Frees the disk space. */
  forget: () => void;
};

/** Prepares a recording in `folder`. Rejects if that fails. */
export async function createRecording(options: {
  run: string;
  folder: string;
  /** Bytes to keep. */
  ringBytes: number;
  onOutput: () => void;
}): Promise<Recording> {
  const path = join(options.folder, `${options.run}-screen`);
  await run('mkfifo', ['-m', '600', path]);
  const pipe = new Socket({ fd: openSync(path, O_RDONLY | O_NONBLOCK), readable: true, writable: false });
  // Keep a writer open until the `cat` writes, so that the pipe does not count as ended.
  let own: number | undefined = openSync(path, O_WRONLY);
  const begun = () => {
    if (own === undefined) return;
    closeSync(own);
    own = undefined;
    rmSync(path, { force: true });
  };
  const ring = (stream: Stream) => new Ring(join(options.folder, `${options.run}-${stream}`), options.ringBytes);
  const output = { stdout: ring('stdout'), stderr: ring('stderr') };
  let closed = false;
  const over = new Promise<void>((resolve) => {
    pipe.once('close', () => {
      closed = true;
      resolve();
    });
  });
  pipe.on('error', () => {});
  const header = new Header();
  pipe.on('data', (bytes: Buffer) => {
    const rest = header.take(bytes);
    if (header.pid !== undefined) begun();
    if (rest.length === 0) return;
    output.stdout.append(rest);
    options.onOutput();
  });

  async function drained({ ask }: Pick<Tmux, 'ask'>, pane: string): Promise<void> {
    for (const until = performance.now() + patienceMs; !closed && performance.now() < until; await delay(lookEveryMs)) {
      const before = output.stdout.to;
      // tmux writes to the pipe whenever it is idle, so it has done so between two answers.
      await ask('display-message -p ""');
      const dead = (await ask(`display-message -p -t ${pane} "#{pane_dead}"`)) === '1';
      const resting = header.pid !== undefined && isAsleep(header.pid);
      await pollPhase();
      // The `cat` slept and the pipe was empty, so there was nothing left to write.
      if (dead && resting && output.stdout.to === before) return;
    }
  }

  return {
    output,
    begin: (target) => ['pipe-pane', '-O', ...target, plain(`exec > ${quote(path)}; echo $$; exec cat`)],
    finish: async (tmux, pane) => {
      await drained(tmux, pane).catch(() => {});
      begun();
      // tmux 3.3 does not close the pipe of an ended pane. While the pipe is open, the number is still that of the `cat`.
      if (!closed && header.pid !== undefined) kill(header.pid);
      await Promise.race([over, delay(patienceMs, undefined, { ref: false })]);
      pipe.destroy();
    },
    forget: () => {
      begun();
      pipe.destroy();
      output.stdout.close();
      output.stderr.close();
    },
  };
}

/** A command for `pipe-pane`, escaped because tmux expands formats and dates in it. Pure. */
const plain = (command: string): string => command.replaceAll('#', '##').replaceAll('%', '%%');

/** Reads the first line: the number of the writing process. Pure. */
class Header {
  #text = '';
  pid: number | undefined;

  /** Returns the part of `bytes` after that line. */
  take(bytes: Buffer): Buffer {
    if (this.pid !== undefined) return bytes;
    const end = bytes.indexOf('\n');
    this.#text += bytes.subarray(0, end < 0 ? bytes.length : end).toString();
    if (end < 0) return bytes.subarray(bytes.length);
    this.pid = Number(this.#text);
    return bytes.subarray(end + 1);
  }
}

/** Whether the process is waiting, rather than runnable. */
function isAsleep(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'S';
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** Resolves after this process has read all available input. */
async function pollPhase(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
