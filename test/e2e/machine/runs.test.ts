// Runs: the built client against the whole system: real pods, real pipes, real terminals.

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createCli, privateFolder, restored } from '../../helpers/cli.ts';
import { isClaimed, shareLocalSystem, until, visitorOf } from '../../helpers/system.ts';

const system = shareLocalSystem(test, {
  replicas: 3,
  settings: { spare: '2', max: '12', runGrace: '5s' },
});

const visitor = (t: ExecutionContext) => createCli(t, system().pageUrl);
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const claims = async () => (await system().kubernetes.pods()).filter(isClaimed);
const podOf = async (run: string) => (await claims()).find((pod) => visitorOf(pod)?.endsWith(`.${run}`));

const codes: [string, string[], number][] = [
  ['success', ['true'], 0],
  ['the code of the command', ['sh', '-c', 'exit 5'], 5],
  ['a command that kills its own shell', ['bash', '-c', 'kill -9 $$'], 137],
  ['SIGTERM', ['bash', '-c', 'kill -TERM $$'], 143],
  ['not found', ['no-such-command-here'], 127],
  ['not executable', ['/etc/passwd'], 126],
];

for (const [title, command, code] of codes) {
  test.serial(`exit code: ${title} is ${code}`, async (t) => {
    const { code: got, stdout, stderr } = await visitor(t).run(['run', '--', ...command], { input: null });
    t.is(got, code, stderr);
    t.is(String(stdout), '');
    if (code === 126 || code === 127) t.regex(stderr, /^warmterm: [^\n]+\n$/);
    else t.is(stderr, '');
  });
}

test.serial('exit code: --timeout is 124', async (t) => {
  const { code, stderr } = await visitor(t).run(['run', '--timeout', '500ms', '--', 'sleep', '60'], { input: null });
  t.is(code, 124);
  t.regex(stderr, /^warmterm: [^\n]+\n$/);
});

test.serial('arguments and environment arrive byte for byte', async (t) => {
  const args = ['', ' ', 'a b', '"', "'", '\n', '$HOME', '-x', '--', '\\', '*', 'ü€😀', ';', 'a\tb'];
  const { code, stdout } = await visitor(t).run([
    'run',
    '-e',
    'ODD=a "b"\n$c',
    '--',
    'sh',
    '-c',
    'printf "%s\\0" "$ODD" "$@"',
    'sh',
    ...args,
  ]);
  t.is(code, 0);
  t.deepEqual(String(stdout).split('\0').slice(0, -1), ['a "b"\n$c', ...args]);
});

test.serial('stdout and stderr are apart, and have no carriage returns', async (t) => {
  const { code, stdout, stderr } = await visitor(t).run([
    'run',
    '--',
    'sh',
    '-c',
    'printf "a\\nb\\n"; printf "c\\n" >&2',
  ]);
  t.deepEqual([code, String(stdout), stderr], [0, 'a\nb\n', 'c\n']);
});

test.serial('tar c . | warmterm run -- tar t', async (t) => {
  const folder = privateFolder(t);
  for (const name of ['one', 'two']) writeFileSync(join(folder, name), name);
  const archive = execFileSync('tar', ['c', '.'], { cwd: folder });
  const { code, stdout } = await visitor(t).run(['run', '--', 'tar', 't'], { input: archive });
  t.is(code, 0);
  t.deepEqual(String(stdout).trim().split('\n').sort(), ['./', './one', './two']);
});

test.serial(
  'stdin: its end arrives while the command still prints; /dev/null neither hangs nor ends early',
  async (t) => {
    const cli = visitor(t);
    const half = await cli.run(['run', '--', 'sh', '-c', 'wc -c; sleep 0.2; echo after'], { input: 'abc' });
    t.deepEqual([half.code, String(half.stdout)], [0, '3\nafter\n']);
    const empty = await cli.run(['run', '--', 'sh', '-c', 'cat; sleep 0.2; echo after'], { input: null });
    t.deepEqual([empty.code, String(empty.stdout)], [0, 'after\n']);
  },
);

test.serial('run: ends with its command, without another key, and ends its terminal', async (t) => {
  const before = (await claims()).length;
  t.is((await visitor(t).start(['run', '--', 'true']).ended).code, 0);
  await until('the terminal to end', async () => (await claims()).length <= before);
  t.pass();
});

test.serial('run: a closed reader ends an endless command', async (t) => {
  const client = visitor(t).start(['run', '--', 'yes']);
  client.process.stdout!.once('data', () => client.process.stdout!.destroy());
  t.is((await client.ended).code, 141);
});

test.serial('SIGTERM and SIGINT are forwarded', async (t) => {
  const script = 'trap "echo term" TERM; trap "echo int; exit 9" INT; echo up; while :; do sleep 0.05; done';
  const client = visitor(t).start(['run', '--', 'bash', '-c', script]);
  await client.until('up');
  client.process.kill('SIGTERM');
  await client.until('term');
  client.process.kill('SIGINT');
  t.is((await client.ended).code, 9);
});

// Not anchored to a line start, because tmux may only move the cursor before it draws the prompt.
const prompt = /[$#] /;
test.serial('terminal: bash with its size from the start, resize, Ctrl-C, and `exit 7`', async (t) => {
  const pty = visitor(t).inTerminal(['run', '--', 'bash', '--norc'], { cols: 91, rows: 27 });
  await pty.until(prompt);
  pty.write('stty size\r');
  await pty.until('27 91');
  pty.resize(70, 20);
  pty.write('while [ "$(stty size)" != "20 70" ]; do sleep 0.05; done; echo re""sized\r');
  await pty.until('resized');
  pty.write('echo sl""eeping; sleep 1000\r');
  await pty.until('sleeping');
  pty.write('\x03');
  // Bash may drop input that arrives before its next prompt.
  await pty.until(/\^C[\s\S]*[$#] /);
  pty.write('echo back""again\r');
  await pty.until('backagain');
  pty.write('exit 7\r');
  await pty.until('left with 7');
  await restored(t, pty);
});

test.serial('terminal: what a short command has printed stays on the screen', async (t) => {
  const pty = visitor(t).inTerminal(['run', '--', 'sh', '-c', 'stty size; echo printed; exit 3'], {
    cols: 77,
    rows: 22,
  });
  await pty.until('over');
  t.regex(pty.text(), /22 77[\s\S]*printed[\s\S]*left with 3/);
  t.notRegex(pty.text(), /\x1b\[\?1049h/);
  await restored(t, pty);
});

test.serial('terminal: Enter ~ . leaves', async (t) => {
  const pty = visitor(t).inTerminal(['run', '--', 'cat']);
  pty.write('');
  await pty.until(/\x1b/);
  pty.write('hello\r');
  await pty.until('hello');
  pty.write('\r~.');
  await pty.until('left with 125');
  await restored(t, pty);
});

test.serial('terminal: closing it hangs up the run', async (t) => {
  const before = new Set((await claims()).map(({ metadata }) => metadata.uid));
  const pty = visitor(t).inTerminal(['run', '--', 'bash', '--norc']);
  await pty.until(prompt);
  pty.hangUp();
  await until('the terminal to end', async () => (await claims()).every(({ metadata }) => before.has(metadata.uid)));
  t.pass();
});

test.serial('shell: attaches the terminal of the page; `exec` runs beside it', async (t) => {
  const cli = visitor(t);
  const pty = cli.inTerminal(['shell']);
  await pty.until(prompt);
  pty.write('echo sh""ared > ~/from-shell; echo writ""ten\r');
  await pty.until('written');
  const { stdout, code } = await cli.run(['exec', '--', 'cat', 'from-shell']);
  t.deepEqual([code, String(stdout)], [0, 'shared\n']);
  pty.write('\r~.');
  await pty.until('left with 0');
  await restored(t, pty);
  t.is((await cli.run(['exec', '--', 'cat', 'from-shell'])).code, 0, 'the terminal is still there');
});

test.serial('detached: logs, wait and attach from another process; stop', async (t) => {
  const cli = visitor(t);
  const script = 'echo one; while [ ! -e go ]; do sleep 0.05; done; echo two; echo err >&2; exit 6';
  const { stdout, code } = await cli.run(['run', '--detach', '--', 'sh', '-c', script]);
  t.is(code, 0);
  const id = String(stdout).trim();
  t.regex(id, /^[a-z0-9]{12}$/);
  await until('the first line', async () => String((await cli.run(['logs', id])).stdout) === 'one\n');
  t.regex(String((await cli.run(['ps'])).stdout), new RegExp(`${id} +running, detached`));
  const logs = cli.start(['logs', '-f', id]);
  const attached = cli.start(['attach', id]);
  const waiting = cli.start(['wait', id]);
  await logs.until('one');
  const folder = privateFolder(t);
  writeFileSync(join(folder, 'go'), '');
  t.is((await cli.run(['cp', join(folder, 'go'), `${id}:go`])).code, 0);
  const followed = await logs.ended;
  t.deepEqual([followed.code, String(followed.stdout), followed.stderr], [0, 'one\ntwo\n', 'err\n']);
  t.is((await waiting.ended).code, 6);
  t.is((await attached.ended).code, 6);
  t.is((await cli.run(['wait', id])).code, 6, 'its exit can be read later');
  t.is(String((await cli.run(['logs', '--since', '4', id])).stdout), 'two\n');
  t.is((await cli.run(['stop', id])).code, 0);
  const gone = await cli.run(['wait', id]);
  t.is(gone.code, 125);
  t.regex(gone.stderr, /There is no run/);

  const other = String((await cli.run(['run', '-d', '--', 'sleep', '1000'])).stdout).trim();
  t.is((await cli.run(['stop', other])).code, 0);
  t.is((await cli.run(['wait', other])).code, 143);
  t.is((await cli.run(['stop', other])).code, 0);
});

test.serial('detached with a tty: logs shows what its screen was sent, also after its end', async (t) => {
  const cli = visitor(t);
  const script = 'echo one; while [ ! -e go ]; do sleep 0.05; done; echo two; exit 6';
  const id = String((await cli.run(['run', '-d', '-t', '--', 'sh', '-c', script])).stdout).trim();
  await until('the first line', async () => String((await cli.run(['logs', id])).stdout) === 'one\r\n');
  const logs = cli.start(['logs', '-f', id]);
  await logs.until('one');
  const folder = privateFolder(t);
  writeFileSync(join(folder, 'go'), '');
  t.is((await cli.run(['cp', join(folder, 'go'), `${id}:go`])).code, 0);
  const followed = await logs.ended;
  t.deepEqual([followed.code, String(followed.stdout), followed.stderr], [0, 'one\r\ntwo\r\n', '']);
  t.is((await cli.run(['wait', id])).code, 6);
  t.is(String((await cli.run(['logs', '--since', '5', id])).stdout), 'two\r\n');
  t.is((await cli.run(['stop', id])).code, 0);
});

test.serial('cp: files and folders go both ways', async (t) => {
  const cli = visitor(t);
  const folder = privateFolder(t);
  const bytes = randomBytes(3_000_000);
  mkdirSync(join(folder, 'tree/sub'), { recursive: true });
  writeFileSync(join(folder, 'tree/sub/data'), bytes);
  t.is((await cli.run(['cp', join(folder, 'tree'), ':'])).code, 0);
  t.is((await cli.run(['cp', join(folder, 'tree/sub/data'), ':/tmp/renamed'])).code, 0);
  const { stdout } = await cli.run(['exec', '--', 'sh', '-c', 'sha256sum < tree/sub/data; sha256sum < /tmp/renamed']);
  t.is(String(stdout).replaceAll('  -', ''), `${sha256(bytes)}\n`.repeat(2));
  t.is((await cli.run(['cp', ':tree', `${folder}/back`])).code, 0);
  t.true(readFileSync(join(folder, 'back/sub/data')).equals(bytes));
  t.is((await cli.run(['cp', ':/tmp/renamed', folder])).code, 0);
  t.true(readFileSync(join(folder, 'renamed')).equals(bytes));
  const missing = await cli.run(['cp', ':nothing-there', folder]);
  t.not(missing.code, 0);
  t.regex(missing.stderr, /nothing-there: no such file/);
});

test.serial('several runs at a time, each in a terminal of its own', async (t) => {
  const cli = visitor(t);
  const ran = await Promise.all(
    [1, 2, 3].map((n) => cli.run(['run', '--', 'sh', '-c', `echo $WARMTERM_POD_NAME; exit ${n}`])),
  );
  t.deepEqual(
    ran.map(({ code }) => code),
    [1, 2, 3],
  );
});

/** A proxy that a test can cut: it closes every connection, and accepts new ones. */
async function startProxy(t: ExecutionContext) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const keep = (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    };
    keep(client);
    client.once('data', (bytes) => {
      const [, host, port] = /^CONNECT ([\w.]+):(\d+) /.exec(String(bytes)) ?? [];
      const to = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(to).pipe(client);
      });
      keep(to);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, cut };
}

test.serial('run: repeated interruptions lose and repeat nothing in either direction', async (t) => {
  const proxy = await startProxy(t);
  const bytes = randomBytes(10_000_000);
  const client = visitor(t).start(['run', '--', 'cat'], { env: { HTTP_PROXY: proxy.url } });
  client.process.stdin!.end(bytes);
  // Cut by received bytes, not by time, so that each connection makes progress.
  let [arrived, cuts] = [0, 0];
  client.process.stdout!.on('data', (more: Buffer) => {
    arrived += more.length;
    if (arrived < (cuts + 1) * 2_000_000 || arrived > 9_000_000) return;
    cuts += 1;
    proxy.cut();
  });
  const { code, stdout, stderr } = await client.ended;
  t.is(code, 0, stderr);
  t.is(sha256(stdout), sha256(bytes));
  t.is(cuts, 4);
});

test.serial('inv 9: run: survives a restart of manager and webserver', async (t) => {
  const client = visitor(t).start(['run', '--', 'sh', '-c', 'echo up; read line; echo "got $line"; exit 4']);
  await client.until('up');
  await system().killManagers();
  await system().stopWebservers();
  client.process.stdin!.end('it\n');
  await client.until('got it');
  await system().startWebservers();
  t.is((await client.ended).code, 4);
  await until('the webserver', async () => (await fetch(`${system().pageUrl}healthz`).catch(() => undefined))?.ok);
});

test.serial('run: without its client it ends after run-grace, with its terminal', async (t) => {
  const client = visitor(t).start(['run', '--', 'sh', '-c', 'echo $WARMTERM_RUN; sleep 1000']);
  await client.until(/^\w+\n/);
  const id = client.stdout().trim();
  t.truthy(await podOf(id));
  client.process.kill('SIGKILL');
  await until('the orphan to end', async () => (await podOf(id)) === undefined);
});

test.serial('run: exit code 125 with the reason when its pod is deleted', async (t) => {
  const cli = visitor(t);
  const { stdout } = await cli.run(['run', '-d', '--', 'sh', '-c', 'echo up; sleep 1000']);
  const id = String(stdout).trim();
  const logs = cli.start(['wait', id]);
  const pod = await until('the pod of the run', () => podOf(id));
  await system().kubernetes.deletePod(pod.metadata.name);
  const { code, stderr } = await logs.ended;
  t.is(code, 125);
  t.regex(stderr, /^warmterm: [^\n]+\n$/);
});
