// What a tmux pane puts out, kept in a ring as the output of a run is: tmux hands it to a `cat`, which writes it to a pipe that this
// process reads. tmux keeps what the pipe does not take at once, and drops that when the pipe is closed: so the `cat` is ended
// only when it and tmux and the pipe hold nothing any more.

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
/** A `cat` that does not come to rest, because the visitor has stopped it, is not waited for any longer. */
const patienceMs = 10_000;

export type Recording = {
  output: Record<Stream, Ring>;
  /** The tmux command that begins it. To be run with the one that makes the pane, so that nothing is missed. */
  begin: (target: string[]) => string[];
  /** The command in `pane` has ended: resolves when all that it has put out is in the ring. */
  finish: (tmux: Pick<Tmux, 'ask'>, pane: string) => Promise<void>;
  /** Gives the disk space back. */
  forget: () => void;
};

/** Makes what a recording needs, in `folder`. Rejects when the folder takes none. */
export async function createRecording(options: {
  run: string;
  folder: string;
  /** Bytes that are kept. */
  ringBytes: number;
  onOutput: () => void;
}): Promise<Recording> {
  const path = join(options.folder, `${options.run}-screen`);
  await run('mkfifo', ['-m', '600', path]);
  const pipe = new Socket({ fd: openSync(path, O_RDONLY | O_NONBLOCK), readable: true, writable: false });
  // Until the `cat` writes, so that the pipe does not count as ended.
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
      // tmux writes what the pipe takes whenever it looks for work: between two answers it has.
      await ask('display-message -p ""');
      const dead = (await ask(`display-message -p -t ${pane} "#{pane_dead}"`)) === '1';
      const resting = header.pid !== undefined && isAsleep(header.pid);
      await pollPhase();
      // It slept, and the pipe was empty: there was nothing to read for it.
      if (dead && resting && output.stdout.to === before) return;
    }
  }

  return {
    output,
    begin: (target) => ['pipe-pane', '-O', ...target, plain(`exec > ${quote(path)}; echo $$; exec cat`)],
    finish: async (tmux, pane) => {
      await drained(tmux, pane).catch(() => {});
      begun();
      // tmux closes no pipe of a pane that has ended (3.3). The number is still that of the `cat` as long as the pipe is open.
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

/** A command for `pipe-pane`, which expands formats and dates in it. Pure. */
const plain = (command: string): string => command.replaceAll('#', '##').replaceAll('%', '%%');

/** The first line that comes: the number of the process that writes. Pure. */
class Header {
  #text = '';
  pid: number | undefined;

  /** What of `bytes` is behind that line. */
  take(bytes: Buffer): Buffer {
    if (this.pid !== undefined) return bytes;
    const end = bytes.indexOf('\n');
    this.#text += bytes.subarray(0, end < 0 ? bytes.length : end).toString();
    if (end < 0) return bytes.subarray(bytes.length);
    this.pid = Number(this.#text);
    return bytes.subarray(end + 1);
  }
}

/** Whether the process waits for something, and does not just want a turn. */
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

/** Resolves after this process has read what there was to read. */
async function pollPhase(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
