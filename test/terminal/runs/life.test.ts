// The terminal lives as long as its runs, and no run outlives it.

import { readdirSync } from 'node:fs';
import test from 'ava';
import type { RunStatus } from '../../../common/runs.ts';
import { begin, get, openRuns, Received, request, run, startRunTerminal } from '../../helpers/run-client.ts';
import { openBrowser } from '../../helpers/terminal-browser.ts';
import { processesNaming } from '../../helpers/terminal-leftovers.ts';
import { eventually } from '../../helpers/terminal-process.ts';

const gone = (folder: string, command: string) =>
  eventually(() => !processesNaming(folder).some((process) => process.command.includes(command)) || undefined);

test.serial('life: a client that starts a run is reported as connected at once', async (t) => {
  const { socket, manager } = await startRunTerminal(t, { WARMTERM_REPORT_INTERVAL: '10m' });
  t.deepEqual(manager.reports.entries, []);
  await run(t, socket, ['true']);
  const report = await manager.reports.next();
  t.is(report.connections, 1);
  t.truthy(report.connectedAt);
  socket.disconnect();
  await manager.reports.next(({ connections }) => connections === 0);
});

test.serial('inv 6: life: a session is not idle while a run is live', async (t) => {
  const { socket, manager } = await startRunTerminal(t, {
    WARMTERM_IDLE_TIMEOUT: '1s',
    WARMTERM_IDLE_WARNING: '500ms',
  });
  manager.state.answer = { idleTimeoutMs: 1_000 };
  const wanted = request(['sh', '-c', 'sleep 3; exit 4'], { detached: true });
  const received = await begin(t, socket, wanted);
  t.deepEqual(await received.exits.next(), { code: 4 });
  await manager.deletes.next();
});

test.serial('life: an attached run without a client ends by SIGHUP after the manager’s grace', async (t) => {
  const { socket, manager, terminal } = await startRunTerminal(t);
  manager.state.answer = { idleTimeoutMs: 900_000, runGraceMs: 300 };
  await run(t, socket, ['true']);
  await manager.reports.next();
  await terminal.logs.next(({ msg }) => msg === 'run ended');
  const one = await begin(t, socket, request(['sleep', '4321']));
  const two = await begin(t, socket, request(['sleep', '4322'], { detached: true }));
  socket.io.engine.close();
  await gone(terminal.folder, 'sleep 4321');
  const back = await openRuns(t, terminal, manager);
  const received = new Received(t, one.run);
  await received.follow(back);
  t.like(await received.exits.next(), { signal: 'SIGHUP', cause: 'abandoned' });
  const other = (await get<RunStatus[]>(back, 'list')).find((status) => status.run === two.run);
  t.is(other?.exit, undefined, 'a detached run lives without a client');
});

test.serial('life: an exited run with unread output ends without its client, and so does its terminal', async (t) => {
  const { socket, manager, terminal } = await startRunTerminal(t, { WARMTERM_RUN_OUTPUT: '256KiB' });
  manager.state.answer = { idleTimeoutMs: 900_000, runGraceMs: 300 };
  await run(t, socket, ['true']);
  await manager.reports.next();
  // More than the ring holds; the rest fits into the pipe.
  const wanted = request(['head', '-c', '310000', '/dev/zero'], { endsTerminal: true });
  await get<RunStatus>(socket, 'start', wanted);
  await new Received(t, wanted.run).follow(socket, { takes: false });
  await gone(terminal.folder, 'head -c 310000');
  socket.io.engine.close();
  await terminal.logs.next(({ msg, run }) => msg === 'run ended' && run === wanted.run);
  await manager.deletes.next();
  t.pass();
});

test.serial('life: a grace received after the client has left counts from its departure', async (t) => {
  const { socket, manager, terminal } = await startRunTerminal(t);
  manager.state.away = true;
  await begin(t, socket, request(['sleep', '4323'], { endsTerminal: true }));
  socket.io.engine.close();
  await terminal.logs.next(({ msg }) => msg.startsWith('could not report to the manager'));
  manager.state.answer = { idleTimeoutMs: 900_000, runGraceMs: 300 };
  manager.state.away = false;
  // No second grace follows the end: the default is a minute.
  await gone(terminal.folder, 'sleep 4323');
  await manager.deletes.next();
  t.pass();
});

test.serial('life: a terminal ends with its run, at once after its client left or after run-linger', async (t) => {
  const attached = await startRunTerminal(t);
  const received = await begin(t, attached.socket, request(['sh', '-c', 'exit 3'], { endsTerminal: true }));
  t.deepEqual(await received.exits.next(), { code: 3 });
  const page = openBrowser(t, attached.terminal.url, { ticket: await attached.manager.ticket() });
  await page.attached.next();
  attached.socket.disconnect();
  t.is(await page.ended.next(), 'run');
  await attached.manager.deletes.next();

  const detached = await startRunTerminal(t, { WARMTERM_RUN_LINGER: '1s' });
  const wanted = request(['sh', '-c', 'echo kept; exit 3'], { endsTerminal: true, detached: true });
  await get(detached.socket, 'start', wanted);
  detached.socket.disconnect();
  await detached.manager.deletes.next();
  t.is(await detached.terminal.check('/readyz'), 503);
});

test.serial(
  'life: when a client deletes the terminal of an ended run, pages learn that the command has ended',
  async (t) => {
    for (const [command, reason] of [
      ['exit 3', 'run'],
      ['echo up; sleep 1000', 'owner'],
    ] as const) {
      const { socket, terminal, manager } = await startRunTerminal(t);
      const received = await begin(t, socket, request(['sh', '-c', command], { endsTerminal: true }));
      await (reason === 'run' ? received.exits.next() : received.sees('stdout', 'up'));
      const page = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
      await page.attached.next();
      manager.state.endedBy = 'owner';
      terminal.kill('SIGTERM');
      t.is(await page.ended.next(), reason);
    }
  },
);

test.serial('life: a returning client can read the output of a run before the run ends its terminal', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t, { WARMTERM_RUN_LINGER: '10m' });
  const wanted = request(['sh', '-c', 'echo kept; exit 3'], { endsTerminal: true, detached: true });
  await get(socket, 'start', wanted);
  socket.disconnect();
  await terminal.logs.next(({ msg }) => msg === 'run ended');
  const back = await openRuns(t, terminal, manager);
  const received = await begin(t, back, wanted);
  t.deepEqual(await received.exits.next(), { code: 3 });
  t.is(received.text('stdout'), 'kept\n');
  t.deepEqual(manager.deletes.entries, []);
});

test.serial(
  'life: the end of the session ends the runs, sends followers the reason, and leaves nothing behind',
  async (t) => {
    const { socket, terminal } = await startRunTerminal(t, { WARMTERM_BEFORE_EXIT: 'echo saved' });
    const polite = await begin(
      t,
      socket,
      request(['sh', '-c', 'trap "echo bye; exit 0" TERM HUP; echo up; while :; do sleep 0.05; done']),
    );
    const stubborn = await begin(
      t,
      socket,
      request(['sh', '-c', 'trap "" TERM HUP; echo up; while :; do sleep 0.05; done'], { detached: true }),
    );
    const tty = await begin(t, socket, request(['sleep', '4321'], { tty: { cols: 80, rows: 24 } }));
    await polite.sees('stdout', 'up');
    await stubborn.sees('stdout', 'up');
    terminal.kill('SIGTERM');
    const because = { cause: 'terminal', message: 'The terminal ended: its pod was deleted.' };
    t.like(await polite.exits.next(), { code: 0, ...because });
    t.is(polite.text('stdout'), 'up\nbye\n');
    t.like(await stubborn.exits.next(), { signal: 'SIGKILL', ...because });
    t.like(await tty.exits.next(), because);
    t.deepEqual(await terminal.exits.next(), { code: 0, signal: null });
    await eventually(() => processesNaming(`${terminal.folder}/`).length === 0 || undefined);
    t.deepEqual(
      readdirSync(terminal.folder).filter((name) => name.startsWith('warmterm-')),
      [],
    );
    t.is(terminal.complaints(), '');
  },
);

test.serial('life: an outage of the manager ends no run', async (t) => {
  const { socket, manager, terminal } = await startRunTerminal(t);
  const received = await begin(t, socket, request(['sh', '-c', 'read x; exit 6'], { stdin: true }));
  await manager.goAway();
  await terminal.logs.next(({ msg }) => msg.startsWith('could not report to the manager'));
  await get(socket, 'input', { run: received.run, offset: 0, bytes: Buffer.from('go\n'), end: true });
  t.deepEqual(await received.exits.next(), { code: 6 });
});
