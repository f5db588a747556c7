// The pipes of a command. Node's own are socket pairs, and a command that opens /dev/stdin or /dev/stdout by name cannot open
// those; a FIFO whose name is removed is what a shell gives.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
const run = promisify(execFile);

export type Pipes = {
  /** For the command: descriptors that block, as it expects. `ignore` is /dev/null. */
  stdio: [number | 'ignore', number, number];
  /** Closes the command's descriptors here. To be called once it has them. */
  handedOver: () => void;
  stdin: Socket | undefined;
  stdout: Socket;
  stderr: Socket;
};

/** Makes the pipes of one command, in `folder`. Rejects when the folder takes none. */
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
    // To open one end waits for the other, unless the other is open: a reader that does not block is first.
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
