// The pipes of a command. Node's own are socket pairs, which a command cannot open by the names /dev/stdin or /dev/stdout. So use FIFOs whose
// names are removed.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
const run = promisify(execFile);

export type Pipes = {
  /** The command's descriptors, which block as it expects. `ignore` is /dev/null. */
  stdio: [number | 'ignore', number, number];
  /** Closes the command's descriptors in this process. Call it once the command has them. */
  handedOver: () => void;
  stdin: Socket | undefined;
  stdout: Socket;
  stderr: Socket;
};

/** Creates the pipes of a command in `folder`. Rejects if that fails. */
export async function makePipes(folder: string, { stdin }: { stdin: boolean }): Promise<Pipes> {
  const names = Array.from({ length: stdin ? 3 : 2 }, () => join(folder, randomUUID()));
  await run('mkfifo', ['-m', '600', ...names]);
  const opened: number[] = [];
  const open = (path: string, flags: number) => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    // Opening one end of a FIFO waits for the other. Open a non-blocking reader first.
    const outputs = names.slice(0, 2).map((path) => ({
      own: open(path, O_RDONLY | O_NONBLOCK),
      command: open(path, O_WRONLY),
    }));
    const input = names[2] === undefined ? undefined : openInput(names[2], open);
    const [stdout, stderr] = outputs as [(typeof outputs)[0], (typeof outputs)[0]];
    const theirs = [stdout.command, stderr.command, ...(input ? [input.command] : [])];
    return {
      stdio: [input ? input.command : 'ignore', stdout.command, stderr.command],
      handedOver: () => {
        for (const fd of theirs) closeSync(fd);
      },
      stdin: input && new Socket({ fd: input.own, readable: false, writable: true }),
      stdout: new Socket({ fd: stdout.own, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr.own, readable: true, writable: false }),
    };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    for (const path of names) unlinkSync(path);
  }
}

function openInput(path: string, open: (path: string, flags: number) => number): { own: number; command: number } {
  const both = openSync(path, O_RDWR);
  try {
    return { command: open(path, O_RDONLY), own: open(path, O_WRONLY | O_NONBLOCK) };
  } finally {
    closeSync(both);
  }
}
