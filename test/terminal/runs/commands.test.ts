// Runs without a tty, as a client sees them.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { Answer, RunExit, RunStatus } from '../../../common/runs.ts';
import {
  ask,
  begin,
  get,
  newRunId,
  openRuns,
  Received,
  request,
  run,
  startRunTerminal,
} from '../../helpers/run-client.ts';
import { processesNaming } from '../../helpers/terminal-leftovers.ts';
import { eventually } from '../../helpers/terminal-process.ts';

test('run: reports how a command ended', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  writeFileSync(`${terminal.folder}/plain`, 'no program');
  mkdirSync(`${terminal.folder}/folder`);
  const cases: [string[], RunExit, string?][] = [
    [['true'], { code: 0 }],
    [['sh', '-c', 'exit 5'], { code: 5 }],
    [['sh', '-c', 'exit 126'], { code: 126 }],
    [['sh', '-c', 'exit 127'], { code: 127 }],
    [['sh', '-c', 'kill -9 $$'], { signal: 'SIGKILL' }],
    [['sh', '-c', 'kill -TERM $$'], { signal: 'SIGTERM' }],
    [['sh', '-c', 'sh -c "kill -9 \\$PPID; exit 3"; exit 4'], { signal: 'SIGKILL' }],
    [['no-such-command'], { cause: 'not-found' }],
    [['./no-such-command'], { cause: 'not-found' }],
    [[''], { cause: 'not-found' }],
    [['./plain'], { cause: 'not-executable' }],
    [['./folder'], { cause: 'not-executable' }],
    [['true'], { cause: 'not-executable', message: 'There is no directory /no/such in the terminal.' }, '/no/such'],
  ];
  for (const [command, wanted, directory] of cases) {
    const { exit } = await run(t, socket, command, directory === undefined ? {} : { directory });
    t.like(exit, wanted, JSON.stringify(command));
    if (wanted.cause) t.truthy(exit.message);
    else t.deepEqual(exit, wanted, JSON.stringify(command));
  }
});

test('run: arguments, environment and directory arrive byte for byte', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  const args = [
    '',
    ' ',
    'a b',
    '"',
    "'",
    '\n',
    '$HOME',
    '`id`',
    '-n',
    '--',
    '*',
    ';',
    'x;',
    '\\',
    '\x01\x7f',
    'ä😀',
    '#{pid}',
  ];
  const { received } = await run(
    t,
    socket,
    [
      process.execPath,
      '-e',
      'console.log(JSON.stringify([process.argv.slice(1), process.env.A, process.env.WARMTERM_RUN, process.cwd()]))',
      '--',
      ...args,
    ],
    { environment: { A: " '$x\n" }, directory: '.' },
  );
  t.deepEqual(JSON.parse(received.text('stdout')), [args, " '$x\n", received.run, terminal.folder]);
  const { received: env } = await run(t, socket, ['env']);
  t.regex(env.text('stdout'), /^COLORTERM=truecolor$/m);
  t.notRegex(env.text('stdout'), /WARMTERM_POD|WARMTERM_MANAGER/);
});

test('run: stdout and stderr can be opened by name, are separate, and have no carriage returns', async (t) => {
  const { socket } = await startRunTerminal(t);
  const { received, exit } = await run(t, socket, [
    'sh',
    '-c',
    'echo one > /dev/stdout; echo two > /dev/stderr; cat /dev/stdin',
  ]);
  t.deepEqual([received.text('stdout'), received.text('stderr'), exit], ['one\n', 'two\n', { code: 0 }]);
});

test('run: a timeout, a stop or a signal ends it with its children', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  const started = ['sh', '-c', 'trap "" INT; sleep 4321 & echo up; wait'];
  const limited = await run(t, socket, started, { timeoutMs: 300 });
  t.like(limited.exit, { signal: 'SIGTERM', cause: 'timeout' });
  const stopped = await begin(t, socket, request(started));
  await stopped.sees('stdout', 'up');
  t.is(await get(socket, 'stop', stopped.run), null);
  t.like(await stopped.exits.next(), { signal: 'SIGTERM', cause: 'stop' });
  const signalled = await begin(
    t,
    socket,
    request(['sh', '-c', 'trap "exit 9" USR1; echo up; while :; do sleep 0.05; done']),
  );
  await signalled.sees('stdout', 'up');
  await get(socket, 'signal', { run: signalled.run, signal: 'SIGUSR1' });
  t.deepEqual(await signalled.exits.next(), { code: 9 });
  // A signal or a stop of an ended run is no error.
  t.is(await get(socket, 'signal', { run: signalled.run, signal: 'SIGINT' }), null);
  t.is(await get(socket, 'stop', signalled.run), null);
  t.deepEqual(
    (await get<RunStatus[]>(socket, 'list')).map(({ exit }) => exit?.cause),
    ['timeout', 'stop', undefined],
  );
  await eventually(
    () => !processesNaming(terminal.folder).some(({ command }) => command.includes('4321')) || undefined,
  );
  t.pass();
});

test('run: a command that ignores SIGTERM gets SIGKILL after ten seconds', async (t) => {
  const { socket } = await startRunTerminal(t);
  const stubborn = await begin(t, socket, request(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done']));
  await stubborn.sees('stdout', 'up');
  await get(socket, 'stop', stubborn.run);
  t.like(await stubborn.exits.next(), { signal: 'SIGKILL', cause: 'stop' });
});

test('run: a background child that holds the pipes open does not delay the exit', async (t) => {
  const { socket } = await startRunTerminal(t);
  for (const child of ['sleep 1000', 'yes']) {
    const { exit, received } = await run(t, socket, ['sh', '-c', `echo first; ${child} & exit 6`]);
    t.deepEqual(exit, { code: 6 }, child);
    t.true(received.text('stdout').startsWith('first\n'));
    t.deepEqual(received.problems, []);
  }
});

test('run: a repeated id returns the existing run, also when concurrent', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const wanted = request(['sh', '-c', 'echo x >> starts; exit 3']);
  const [one, two] = await Promise.all([1, 2].map(() => get<RunStatus>(socket, 'start', wanted)));
  t.is(one?.startedAt, two?.startedAt);
  const other = await openRuns(t, terminal, manager, 'editor');
  const received = await begin(t, other, wanted);
  t.deepEqual(await received.exits.next(), { code: 3 });
  t.is((await run(t, socket, ['cat', 'starts'])).received.text('stdout'), 'x\n');
});

test('run: runs are concurrent, and the 17th is refused', async (t) => {
  const { socket } = await startRunTerminal(t);
  const long = await begin(t, socket, request(['sh', '-c', 'read x < /dev/null; echo up; exec sleep 1000']));
  await long.sees('stdout', 'up');
  t.deepEqual((await run(t, socket, ['true'])).exit, { code: 0 });
  const ids = Array.from({ length: 15 }, newRunId);
  for (const id of ids) await get(socket, 'start', request(['sleep', '1000'], { run: id }));
  t.like(await ask(socket, 'start', request(['true'])), { ok: false, code: 'too-many-requests' });
  await get(socket, 'stop', ids[0]);
  await eventually(async () => (await ask(socket, 'start', request(['true']))).ok || undefined);
  t.is((await get<RunStatus[]>(socket, 'list')).length, 18);
});

test('run: keeps the last 32 ended runs', async (t) => {
  const { socket } = await startRunTerminal(t);
  const first = await run(t, socket, ['true']);
  for (let i = 0; i < 32; i++) await run(t, socket, ['true']);
  await eventually(async () => (await get<RunStatus[]>(socket, 'list')).length === 32 || undefined);
  t.like(await ask(socket, 'follow', { run: first.received.run, from: { stdout: 0, stderr: 0 } }), {
    code: 'not-found',
  });
});

test('run: a viewer may only list and follow', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const viewer = await openRuns(t, terminal, manager, 'viewer');
  const wanted = request(['sh', '-c', 'echo hello; read x; echo $x'], { stdin: true });
  t.like(await ask(viewer, 'start', wanted), { ok: false, code: 'forbidden' });
  await begin(t, socket, wanted);
  const { run: id } = wanted;
  const input = { run: id, offset: 0, bytes: Buffer.from('bye\n'), end: true };
  for (const [event, data] of [
    ['input', input],
    ['signal', { run: id, signal: 'SIGINT' }],
    ['stop', id],
  ] as const) {
    t.like(await ask(viewer, event, data), { ok: false, code: 'forbidden' }, event);
  }
  const seen = new Received(t, id);
  await seen.follow(viewer);
  t.is((await get<RunStatus[]>(viewer, 'list')).length, 1);
  await get(socket, 'input', input);
  t.deepEqual(await seen.exits.next(), { code: 0 });
  t.is(seen.text('stdout'), 'hello\nbye\n');
});

test('run: garbage gets an error and changes nothing', async (t) => {
  const { socket, terminal } = await startRunTerminal(t);
  const { run: known } = (await run(t, socket, ['true'])).received;
  const from = { stdout: 0, stderr: 0 };
  const cases: [Parameters<typeof ask>[1], unknown[], string][] = [
    ['start', [], 'invalid-request'],
    ['start', [null], 'invalid-request'],
    ['start', [{ ...request(['x']), run: '../../etc' }], 'invalid-request'],
    ['start', [request([])], 'invalid-request'],
    ['start', [{ ...request(['true']), more: 1 }], 'invalid-request'],
    ['start', [request(['a\0b'])], 'invalid-request'],
    ['start', [request(['true'], { environment: { 'A=': 'x' } })], 'invalid-request'],
    ['start', [request(['x'.repeat(131_072)])], 'too-large'],
    ['list', [1], 'invalid-request'],
    ['follow', [{ run: 'unknown0', from }], 'not-found'],
    ['follow', [{ run: known, from: { stdout: 1, stderr: 0 } }], 'conflict'],
    ['follow', [{ run: known, from: { stdout: -1, stderr: 0 } }], 'invalid-request'],
    ['input', [{ run: known, offset: 0, bytes: 'text', end: false }], 'invalid-request'],
    ['input', [{ run: known, offset: 0, bytes: Buffer.alloc(65_537), end: false }], 'too-large'],
    ['input', [{ run: known, offset: 0, bytes: Buffer.alloc(1), end: false }], 'invalid-request'],
    ['signal', [{ run: known, signal: 'SIGSTOP' }], 'invalid-request'],
    ['stop', ['unknown0'], 'not-found'],
    ['stop', [{}], 'invalid-request'],
  ];
  for (const [event, args, code] of cases) {
    const answer: Answer<unknown> = await ask(socket, event, ...args);
    t.like(answer, { ok: false, code }, `${event} ${JSON.stringify(args).slice(0, 80)}: ${JSON.stringify(answer)}`);
  }
  const emit = socket.emit.bind(socket) as (event: string, ...args: unknown[]) => void;
  for (const data of [undefined, null, 1, {}, { run: known, stream: 'stdin', offset: 0 }]) emit('taken', data);
  emit('stop');
  emit('follow', { run: known, from });
  t.is((await get<RunStatus[]>(socket, 'list')).length, 1);
  t.false(existsSync('/etc/warmterm'));
  t.deepEqual(terminal.exits.entries, []);
});
