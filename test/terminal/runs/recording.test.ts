// The output of a detached run with a tty is recorded, and read like that of any run.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { RunStatus } from '../../../common/runs.ts';
import { begin, get, openRuns, Received, request, startRunTerminal } from '../../helpers/run-client.ts';
import { openBrowser } from '../../helpers/terminal-browser.ts';
import { processesNaming } from '../../helpers/terminal-leftovers.ts';
import { eventually } from '../../helpers/terminal-process.ts';

const detached = { tty: { cols: 80, rows: 24 }, detached: true };

test.serial('recording: the output of a detached run with a tty is stdout, complete before its exit', async (t) => {
  const { socket } = await startRunTerminal(t);
  const lines = 50_000;
  const received = await begin(
    t,
    socket,
    request(['sh', '-c', `printf 'a\\033[1mb\\n'; seq ${lines}; exit 3`], detached),
  );
  t.deepEqual(await received.exits.next(), { code: 3 });
  const expected = `a\x1b[1mb\r\n${Array.from({ length: lines }, (_, i) => `${i + 1}\r\n`).join('')}`;
  t.true(received.text('stdout') === expected, received.text('stdout').slice(-40));
  t.is(received.text('stderr'), '');
  t.deepEqual(received.problems, []);
});

test.serial('recording: complete although its recorder runs only after the end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'slow-recorder-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'cat'),
    '#!/bin/sh\ni=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exec /bin/cat "$@"\n',
  );
  chmodSync(join(folder, 'cat'), 0o755);
  const { socket } = await startRunTerminal(t, { PATH: `${folder}:${process.env.PATH}` });
  // More than the kernel buffers between tmux and its recorder.
  const received = await begin(t, socket, request(['sh', '-c', 'seq 100000; echo last; exit 3'], detached));
  t.deepEqual(await received.exits.next(), { code: 3 });
  t.is(received.at.stdout, 688_895 + 6);
  t.true(received.text('stdout').endsWith('100000\r\nlast\r\n'));
});

test.serial('recording: a later client can read from an offset', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const wanted = request(['sh', '-c', 'echo one; echo two; read x; echo "<$x>"'], detached);
  await get(socket, 'start', wanted);
  const late = await openRuns(t, terminal, manager);
  const received = new Received(t, wanted.run);
  received.at.stdout = 'one\r\n'.length;
  await eventually(async () => (await get<RunStatus[]>(late, 'list'))[0]!.output.stdout.to >= 10 || undefined);
  await received.follow(late);
  await received.sees('stdout', 'two');
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run: wanted.run });
  await browser.sees('two');
  browser.types('key\r');
  await browser.sees('<key>');
  t.deepEqual(await received.exits.next(), { code: 0 });
  t.is(received.text('stdout'), 'two\r\nkey\r\n<key>\r\n');
});

test.serial('recording: beyond its size, the oldest bytes are dropped', async (t) => {
  const { socket } = await startRunTerminal(t, { WARMTERM_RUN_OUTPUT: '256KiB' });
  const wanted = request(['sh', '-c', 'seq 100000; echo the end'], detached);
  await get(socket, 'start', wanted);
  const ended = await eventually(async () => (await get<RunStatus[]>(socket, 'list')).find(({ exit }) => exit));
  const { from, to } = ended.output.stdout;
  t.is(to - from, 256 * 1_024);
  const received = new Received(t, wanted.run);
  await received.follow(socket);
  await received.exits.next();
  t.deepEqual(received.dropped, [{ stream: 'stdout', from: 0, to: from }]);
  t.true(received.text('stdout').endsWith('100000\r\nthe end\r\n'));
});

test.serial('recording: a client that follows only the exit delays nothing', async (t) => {
  const { socket } = await startRunTerminal(t, { WARMTERM_RUN_OUTPUT: '256KiB' });
  for (const rest of [detached, { detached: true }]) {
    const wanted = request(['sh', '-c', 'sleep 0.2; seq 100000; exit 4'], rest);
    await get(socket, 'start', wanted);
    const received = new Received(t, wanted.run);
    socket.on('exit', ({ run, exit }) => run === wanted.run && received.exits.add(exit));
    let output = 0;
    socket.on('output', ({ run, bytes }) => {
      if (run === wanted.run) output += bytes.length;
    });
    await get(socket, 'follow', { run: wanted.run, from: { stdout: 0, stderr: 0 }, output: false });
    t.deepEqual(await received.exits.next(), { code: 4 });
    t.is(output, 0);
  }
});

test.serial('recording: an attached run has none; an ended one leaves nothing behind', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  const recorders = () => processesNaming(terminal.folder).filter(({ command }) => /^cat\s*$/.test(command));
  const attached = await begin(t, socket, request(['sleep', '1000'], { tty: detached.tty }));
  const one = await begin(t, socket, request(['sh', '-c', 'echo up; sleep 1000'], detached));
  await one.sees('stdout', 'up');
  t.is(recorders().length, 1);
  await get(socket, 'signal', { run: one.run, signal: 'SIGKILL' });
  t.deepEqual(await one.exits.next(), { signal: 'SIGKILL' });
  t.deepEqual(recorders(), []);
  await get(socket, 'stop', attached.run);
  await attached.exits.next();
  t.is(attached.text('stdout'), '');
});

test.serial('recording: killing its session or recorder does not prevent the exit', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  const one = await begin(t, socket, request(['sh', '-c', 'echo up; exec sleep 1000'], detached));
  await one.sees('stdout', 'up');
  for (const { pid, command } of processesNaming(terminal.folder)) if (/^cat\s*$/.test(command)) process.kill(pid);
  await get(socket, 'signal', { run: one.run, signal: 'SIGKILL' });
  t.deepEqual(await one.exits.next(), { signal: 'SIGKILL' });
  const two = await begin(
    t,
    socket,
    request(['sh', '-c', 'echo last; tmux kill-session -t run-$WARMTERM_RUN; sleep 1000'], detached),
  );
  t.like(await two.exits.next(), { signal: 'SIGHUP' });
  t.is(two.text('stdout'), 'last\r\n');
});
