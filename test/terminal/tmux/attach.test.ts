import { chmodSync, closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { attach } from '../../../terminal/tmux/attach.ts';
import { temporaryDirectory } from '../../helpers/system.ts';

/** Descriptors of this process that are the controlling side of a pty. */
const ptys = () => readdirSync('/proc/self/fd').filter(isPty).map(Number);

function isPty(fd: string | number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).endsWith('/ptmx');
  } catch {
    return false;
  }
}

test.serial(
  'attach: after the client closes its pty, neither input nor a resize reaches the reused descriptor',
  async (t) => {
    const folder = temporaryDirectory(t);
    // The client keeps running, so node-pty reports no exit.
    writeFileSync(join(folder, 'tmux'), '#!/bin/sh\nexec sleep 600 <&- >&- 2>&-\n');
    chmodSync(join(folder, 'tmux'), 0o755);
    const before = new Set(ptys());
    const attachment = attach({
      args: [],
      size: { cols: 80, rows: 24 },
      environment: { PATH: `${folder}:${process.env.PATH}` },
      onOutput: () => {},
      onExit: () => {},
    });
    t.teardown(attachment.detach);
    const fd = ptys().find((each) => !before.has(each))!;
    while (isPty(fd)) await setImmediate();
    const file = join(folder, 'of-somebody-else');
    const opened: number[] = [];
    // The kernel assigns the lowest free number.
    do opened.push(openSync(file, 'w+'));
    while (opened.at(-1)! < fd);
    t.teardown(() => opened.forEach((each) => void closeSync(each)));
    t.is(opened.at(-1), fd, 'the number is in use again');

    t.throws(() => attachment.writeSome(Buffer.from('a password\r')), { message: 'The client has ended.' });
    t.notThrows(() => attachment.resize({ cols: 100, rows: 30 }));
    t.is(readFileSync(file, 'utf8'), '');
  },
);
