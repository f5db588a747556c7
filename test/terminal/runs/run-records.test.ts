import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createRunRecords, parseStat, type RunRecord } from '../../../terminal/runs/run-records.ts';
import { begin, openRuns, Received, request, startRunTerminal } from '../../helpers/run-client.ts';
import { processesNaming } from '../../helpers/terminal-leftovers.ts';
import { startManager } from '../../helpers/terminal-manager.ts';
import { eventually, startTerminal } from '../../helpers/terminal-process.ts';

test('records: parses /proc/PID/stat for any process name', (t) => {
  const rest = 'S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2';
  t.deepEqual(parseStat(`43 (a) S (b c) ${rest}\n`), { pid: 43, group: 42, startedAt: '987654' });
});

function setUp(t: ExecutionContext) {
  const parent = mkdtempSync(join(tmpdir(), 'run-records-'));
  const folder = join(parent, 'runs');
  const children: ChildProcess[] = [];
  t.teardown(() => {
    for (const { pid = 0, stdout } of children) {
      stdout?.destroy();
      killGroup(pid);
    }
    rmSync(parent, { recursive: true, force: true });
  });
  /** A command that leads a process group, as a run's command does. */
  const start = (script: string, env: Record<string, string> = {}) => {
    const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env });
    children.push(child);
    return child;
  };
  /** Changes the record, as if another server had written it. */
  const rewrite = (run: string, change: (record: RunRecord) => void) => {
    const path = join(folder, `${run}.json`);
    const record = JSON.parse(readFileSync(path, 'utf8'));
    change(record);
    writeFileSync(path, JSON.stringify(record));
  };
  return { folder, start, rewrite, records: createRunRecords(folder) };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

const isAlive = ({ pid = 0 }: ChildProcess) => existsSync(`/proc/${pid}`);
const asOfDead = (record: RunRecord) => {
  record.server.startedAt = '1';
};

test('records: kills the groups of a dead server’s runs, and returns them once', async (t) => {
  const { folder, start, rewrite, records } = setUp(t);
  const wanted = request(['job']);
  const child = start('sleep 1000 & echo $!; wait');
  const [bytes] = (await once(child.stdout!, 'data')) as [Buffer];
  records.add(wanted, child.pid!);
  t.deepEqual(records.endLeftovers(), [], 'its server is alive');
  t.true(isAlive(child));
  rewrite(wanted.run, asOfDead);
  t.deepEqual(records.endLeftovers(), [wanted]);
  const [, signal] = await once(child, 'exit');
  t.is(signal, 'SIGKILL');
  await eventually(() => !existsSync(`/proc/${Number(bytes)}`) || undefined);
  t.deepEqual(readdirSync(folder), []);
  t.deepEqual(records.endLeftovers(), []);
});

test('records: spares a process that has reused the number of a run', (t) => {
  const { start, rewrite, records } = setUp(t);
  const wanted = request(['job']);
  const child = start('sleep 1000');
  records.add(wanted, child.pid!);
  rewrite(wanted.run, (record) => {
    asOfDead(record);
    record.leader.startedAt = '1';
  });
  t.deepEqual(records.endLeftovers(), [wanted]);
  t.is(child.exitCode, null);
  // A killed process is a zombie until this process reaps it.
  t.notRegex(readFileSync(`/proc/${child.pid}/stat`, 'utf8'), /\) Z /);
});

test('records: in a group without leader, kills only processes with the run’s name', async (t) => {
  const { start, rewrite, records } = setUp(t);
  const answer = `trap 'echo alive; exit' USR1; echo "$$"; while :; do sleep 0.05; done`;
  for (const [name, expected] of [
    ['the run', ''],
    ['something else that has got its number', 'alive\n'],
  ] as const) {
    const wanted = request(['job']);
    const script = `sh -c '${answer.replaceAll("'", `'\\''`)}' & wait`;
    const child = start(script, { WARMTERM_RUN: expected === '' ? wanted.run : 'anotherrun', PATH: process.env.PATH! });
    let said = '';
    child.stdout!.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    records.add(wanted, child.pid!);
    await eventually(() => said.includes('\n') || undefined);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const pid = Number(said);
    said = '';
    rewrite(wanted.run, asOfDead);
    records.endLeftovers();
    process.kill(pid, 'SIGUSR1');
    await once(child.stdout!, 'end');
    t.is(said, expected, name);
  }
});

test('records: removes invalid records', (t) => {
  const { folder, records } = setUp(t);
  mkdirSync(join(folder, 'a-folder.json'), { recursive: true });
  writeFileSync(join(folder, 'broken.json'), '{"server":');
  t.deepEqual(records.endLeftovers(), []);
  t.deepEqual(readdirSync(folder), []);
});

test.serial('records: after SIGKILL the next server ends the command, reports it, and ends its terminal', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  const wanted = request(['sh', '-c', 'echo up; sleep 4321'], { endsTerminal: true, detached: true });
  const before = await begin(t, socket, wanted);
  await before.sees('stdout', 'up');
  const leftovers = () => processesNaming(terminal.folder).filter(({ command }) => command.includes('sleep 4321'));
  terminal.kill('SIGKILL');
  await terminal.exits.next();
  t.is(leftovers().length, 2, 'it is left behind');
  const manager = await startManager(t);
  const settings = { TMPDIR: terminal.folder };
  const next = await startTerminal(t, manager, { settings, ready: false });
  await eventually(() => leftovers().length === 0 || undefined);
  await next.ready();
  const after = new Received(t, wanted.run);
  // Resume as a client that was attached.
  after.at.stdout = 3;
  const back = await openRuns(t, next, manager);
  const status = await after.follow(back);
  t.like(status, { command: wanted.command, detached: true });
  t.like(await after.exits.next(), { cause: 'terminal' });
  t.regex(after.exits.entries[0]?.message ?? '', /killed/);
  back.disconnect();
  manager.state.answer = { idleTimeoutMs: 900_000, runLingerMs: 0 };
  await manager.deletes.next();
});
