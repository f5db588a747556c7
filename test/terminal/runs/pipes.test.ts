// Large streams through the pipes of a run, over breaking connections, and to clients that do not read.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { inputAhead, type RunStatus } from '../../../common/runs.ts';
import { maxInputLength } from '../../../common/socket.ts';
import {
  ask,
  begin,
  get,
  openRuns,
  Received,
  request,
  run,
  sendInput,
  startRunTerminal,
} from '../../helpers/run-client.ts';
import { eventually } from '../../helpers/terminal-process.ts';

const megabytes = (count: number) => randomBytes(count * 1_048_576);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const rss = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

test.serial('pipes: 20 MB each of stdout and stderr arrive byte for byte', async (t) => {
  const { terminal, manager } = await startRunTerminal(t);
  const [one, two] = [megabytes(20), megabytes(20)];
  writeFileSync(`${terminal.folder}/one`, one);
  writeFileSync(`${terminal.folder}/two`, two);
  const hashes = [sha256(one), sha256(two)];
  // This busy process may have lost an earlier connection.
  const socket = await openRuns(t, terminal, manager);
  const received = await begin(t, socket, request(['sh', '-c', 'cat two >&2 & cat one; wait']), false);
  t.deepEqual(await received.exits.next(), { code: 0 });
  t.deepEqual([received.hash('stdout'), received.hash('stderr')], hashes);
  t.deepEqual([received.problems, received.dropped], [[], []]);
});

test.serial('pipes: 20 MB of stdin pass through cat, and the end of input ends it', async (t) => {
  const bytes = megabytes(20);
  const hash = sha256(bytes);
  const { socket } = await startRunTerminal(t);
  const wanted = request(['sh', '-c', 'tee /dev/stderr | sha256sum'], { stdin: true });
  const received = await begin(t, socket, wanted, false);
  t.is(await sendInput(socket, wanted.run, bytes), bytes.length);
  t.deepEqual(await received.exits.next(), { code: 0 });
  t.is(received.hash('stderr'), hash);
  t.is(received.hash('stdout'), sha256(Buffer.from(`${hash}  -\n`)));
});

test.serial(
  'pipes: a connection that breaks every few hundred KB loses and repeats no byte in either direction',
  async (t) => {
    const { socket: first, terminal, manager } = await startRunTerminal(t);
    const bytes = megabytes(6);
    const wanted = request(['cat'], { stdin: true });
    await get(first, 'start', wanted);
    const received = new Received(t, wanted.run, { keeps: false });
    let lines = 0;
    for (let socket = first; received.exits.entries.length === 0; lines++) {
      const status = await received.follow(socket);
      const until = received.at.stdout + 300_000;
      const sending = (async () => {
        // Send some bytes that it already has, and send some without waiting for the answer.
        for (let at = Math.max(0, status.input - 1_000); socket.connected && at < bytes.length; ) {
          const pieces = [at, at + maxInputLength].map((offset) => ({
            ...{ run: wanted.run, offset, bytes: bytes.subarray(offset, offset + maxInputLength) },
            end: offset + maxInputLength >= bytes.length,
          }));
          const answers = pieces
            .filter(({ offset }) => offset < bytes.length)
            .map((piece) => ask<number>(socket, 'input', piece));
          const lost = new Promise<undefined>((resolve) => socket.once('disconnect', () => resolve(undefined)));
          const last = await Promise.race([Promise.all(answers), lost]);
          for (const answer of last ?? []) if (answer.ok) at = answer.value;
        }
      })();
      await eventually(() => received.at.stdout > until || received.exits.entries.length > 0 || undefined);
      socket.io.engine.close();
      await sending;
      if (received.exits.entries.length === 0) socket = await openRuns(t, terminal, manager);
    }
    t.true(lines > 8, `${lines} lines`);
    t.deepEqual(received.exits.entries, [{ code: 0 }]);
    t.deepEqual([received.problems, received.dropped], [[], []]);
    t.is(received.hash('stdout'), sha256(bytes));
  },
);

test.serial('pipes: input that the command does not read, or has closed, is no error', async (t) => {
  const { socket } = await startRunTerminal(t);
  const bytes = megabytes(3);
  for (const script of ['exec <&-; sleep 0.2; exit 3', 'head -c 10 > /dev/null; exit 3', 'exit 3']) {
    const wanted = request(['sh', '-c', script], { stdin: true });
    const received = await begin(t, socket, wanted);
    t.is(await sendInput(socket, wanted.run, bytes), bytes.length, script);
    t.deepEqual(await received.exits.next(), { code: 3 }, script);
  }
});

test.serial('pipes: unread input waits in the client', async (t) => {
  const { socket } = await startRunTerminal(t);
  const wanted = request(['sh', '-c', 'read go < go; cat | wc -c'], { stdin: true });
  await run(t, socket, ['mkfifo', 'go']);
  const received = await begin(t, socket, wanted);
  const bytes = Buffer.alloc(maxInputLength);
  const answers: Promise<unknown>[] = [];
  for (let offset = 0; offset < inputAhead; offset += bytes.length) {
    answers.push(get(socket, 'input', { run: wanted.run, offset, bytes, end: false }));
  }
  await answers[0];
  // The pipe took the first piece, so one more may wait, and no other.
  answers.push(get(socket, 'input', { run: wanted.run, offset: inputAhead, bytes, end: false }));
  const more = { run: wanted.run, offset: inputAhead + bytes.length, bytes, end: false };
  t.like(await ask(socket, 'input', more), { ok: false, code: 'too-many-requests' });
  await run(t, socket, ['sh', '-c', 'echo > go']);
  await Promise.all(answers);
  const [status] = await get<RunStatus[]>(socket, 'list').then((all) => all.filter((each) => each.run === wanted.run));
  await get(socket, 'input', { run: wanted.run, offset: status!.input, bytes: Buffer.alloc(0), end: true });
  t.deepEqual(await received.exits.next(), { code: 0 });
  t.is(received.text('stdout').trim(), String(status!.input));
});

test.serial('pipes: without stdin a command reads the end of input at once', async (t) => {
  const { socket } = await startRunTerminal(t);
  const { exit, received } = await run(t, socket, ['sh', '-c', 'cat; readlink /proc/self/fd/0; echo done']);
  t.deepEqual([exit, received.text('stdout')], [{ code: 0 }, '/dev/null\ndone\n']);
});

test.serial('ring: an attached run keeps output for a client that lost its connection before following', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t, { WARMTERM_RUN_OUTPUT: '256KiB' });
  const wanted = request(['sh', '-c', 'head -c 1000000 /dev/zero; printf end']);
  await get(socket, 'start', wanted);
  socket.io.engine.close();
  const back = await openRuns(t, terminal, manager);
  const output = async () => (await get<RunStatus[]>(back, 'list'))[0]!.output.stdout;
  await eventually(async () => (await output()).to > 131_072 || undefined);
  const received = new Received(t, wanted.run);
  await received.follow(back);
  t.deepEqual(await received.exits.next(), { code: 0 });
  t.deepEqual([received.problems, received.dropped], [[], []]);
  t.is(received.text('stdout').length, 1_000_003);
});

test.serial('ring: a detached run without followers drops the oldest bytes and reports the range', async (t) => {
  const { socket } = await startRunTerminal(t, { WARMTERM_RUN_OUTPUT: '256KiB' });
  const wanted = request(['sh', '-c', 'head -c 1000000 /dev/zero; printf end'], { detached: true });
  await get(socket, 'start', wanted);
  const ended = async () => (await get<RunStatus[]>(socket, 'list')).find(({ exit }) => exit);
  const status = await eventually(ended);
  t.deepEqual(status.output.stdout, { from: 1_000_003 - 262_144, to: 1_000_003 });
  const received = new Received(t, wanted.run);
  await received.follow(socket);
  t.deepEqual(await received.exits.next(), { code: 0 });
  t.deepEqual(received.dropped, [{ stream: 'stdout', from: 0, to: 1_000_003 - 262_144 }]);
  t.is(received.text('stdout').length, 262_144);
  t.true(received.text('stdout').endsWith('end'));
  t.deepEqual(received.problems, []);
});

test.serial(
  'ring: a client that does not read stops the command; nothing is dropped, and the memory of the server is bounded',
  async (t) => {
    const { socket, terminal, manager } = await startRunTerminal(t, { WARMTERM_RUN_OUTPUT: '2MiB' });
    const before = rss(terminal.pid);
    const wanted = request(['sh', '-c', 'head -c 150000000 /dev/zero | tee /dev/stderr | sha256sum >&2']);
    await get(socket, 'start', wanted);
    const received = new Received(t, wanted.run, { keeps: false });
    await received.follow(socket, { takes: false });
    const output = async () => (await get<RunStatus[]>(socket, 'list'))[0]!.output.stderr;
    await eventually(async () => (await output()).to > 2 * 1_048_576 - 131_072 || undefined);
    const stopped = await output();
    t.true(stopped.to <= 2 * 1_048_576, JSON.stringify(stopped));
    t.is(stopped.from, 0);
    t.true(received.at.stderr <= 1_048_576);
    // Reading by a viewer does not advance the run; reading by an editor who resumes does.
    socket.io.engine.close();
    const back = await openRuns(t, terminal, manager);
    await received.follow(back);
    back.emit('taken', { run: wanted.run, stream: 'stderr', offset: received.at.stderr });
    t.deepEqual(await received.exits.next(undefined, 110_000), { code: 0 });
    t.true(received.at.stderr > 150_000_000);
    t.deepEqual([received.problems, received.dropped], [[], []]);
    const after = rss(terminal.pid);
    t.true(after - before < 120, `${before} MB before, ${after} MB after`);
  },
);
