// The built client against the real webserver, with doubles of the manager and the pod.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { dist } from '../helpers/built.ts';
import { builtCli, createCli, privateFolder } from '../helpers/cli.ts';
import { type FakePod, startFakePod } from '../helpers/cli-pod.ts';
import { poll } from '../helpers/poll.ts';
import { startWebserver } from '../helpers/webserver-app.ts';

async function setUp(t: ExecutionContext, environment: Record<string, string> = {}) {
  const pod = await startFakePod(t);
  const webserver = await startWebserver(t, environment);
  webserver.manager.address = { protocol: 'http', host: '127.0.0.1', port: pod.port };
  webserver.manager.podAddress = { host: '127.0.0.1', port: pod.port };
  return { pod, webserver, manager: webserver.manager, cli: createCli(t, webserver.url) };
}

const exitWith = (pod: FakePod, code: number) => {
  pod.onFollow = (socket, { run }) => void socket.emit('exit', { run, exit: { code } });
};

const oneLine = /^warmterm: [^\n]+\n$/;

test.serial('build: one executable file, and a package of npm that holds the same', (t) => {
  t.regex(readFileSync(builtCli, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  t.truthy(statSync(builtCli).mode & 0o100);
  const folder = privateFolder(t);
  execFileSync('tar', ['xzf', fileURLToPath(new URL('cli.tgz', dist)), '-C', folder]);
  t.deepEqual(readFileSync(join(folder, 'package/warmterm.mjs')), readFileSync(builtCli));
  const { bin, version } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
  t.deepEqual(bin, { warmterm: 'warmterm.mjs' });
  t.is(execFileSync(process.execPath, [builtCli, '--version'], { encoding: 'utf8' }), `${version}\n`);
});

test.serial('run: passes command, output and exit code through, and ends the terminal', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) => {
    socket.emit('output', { run, stream: 'stdout', offset: 0, bytes: Buffer.from('out\r\n') });
    socket.emit('output', { run, stream: 'stderr', offset: 0, bytes: Buffer.from('err\n') });
    socket.emit('exit', { run, exit: { code: 7 } });
  };
  const command = ['printf', '', '-x', 'a b', '"\'$HOME\n', 'ü'];
  const { code, stdout, stderr } = await cli.run([
    'run',
    '-e',
    'A=1',
    '-w',
    '/tmp',
    '--timeout',
    '10m',
    '--',
    ...command,
  ]);
  t.deepEqual([code, String(stdout), stderr], [7, 'out\r\n', 'err\n']);
  const [start] = pod.starts;
  t.deepEqual(start?.command, command);
  t.like(start, {
    environment: { A: '1' },
    directory: '/tmp',
    timeoutMs: 600_000,
    detached: false,
    endsTerminal: true,
  });
  const claims = manager.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method);
  t.deepEqual(claims, ['POST', 'DELETE']);
});

test.serial('version: a refusal by another version names both and where to get the matching client', async (t) => {
  const { webserver, manager, cli } = await setUp(t);
  manager.misbehave = () => new ServiceError('not-found', 'There is no pool named other.');
  const { code, stderr } = await cli.run(['run', '--pool', 'other', '--', 'true']);
  t.is(code, 125);
  t.regex(stderr, oneLine);
  t.regex(
    stderr,
    /There is no pool named other\. \(The server is of version 0\.0\.0, this client of \d+\.\d+\.\d+\. The one/,
  );
  t.true(stderr.includes(`${webserver.url}/cli/warmterm.mjs`) || stderr.includes(`${webserver.url}cli/warmterm.mjs`));
});

test.serial('run: options after the command belong to it, also without --', async (t) => {
  const { pod, cli } = await setUp(t);
  exitWith(pod, 0);
  t.is((await cli.run(['run', 'ls', '-la', '--help'])).code, 0);
  t.deepEqual(pod.starts[0]?.command, ['ls', '-la', '--help']);
});

test.serial('run: a connection that closes without an exit is a failure', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) => {
    socket.emit('output', { run, stream: 'stdout', offset: 0, bytes: Buffer.from('half') });
    manager.forgetAll();
    setImmediate(() => socket.conn.close());
  };
  const { code, stdout, stderr } = await cli.run(['run', '--', 'job']);
  t.is(code, 125);
  t.is(String(stdout), 'half');
  t.regex(stderr, oneLine);
  t.regex(stderr, /terminal has ended before the command did/);
});

test.serial('run: after a reconnect the output has no gap or repetition', async (t) => {
  const { pod, cli } = await setUp(t);
  const text = Buffer.from('0123456789');
  pod.onFollow = (socket, { run, from }, nth) => {
    // Each connection repeats two bytes, prints three, and is cut.
    const start = Math.max(0, from.stdout - 2);
    socket.emit('output', { run, stream: 'stdout', offset: start, bytes: text.subarray(start, from.stdout + 3) });
    if (nth < 4) setImmediate(() => socket.conn.close());
    else socket.emit('exit', { run, exit: { code: 0 } });
  };
  const { code, stdout, stderr } = await cli.run(['run', '--', 'job']);
  t.deepEqual([code, String(stdout)], [0, '0123456789']);
  t.deepEqual(
    pod.follows.map(({ from }) => from.stdout),
    [0, 3, 6, 9],
  );
  t.is(pod.starts.length, 1, 'a run that has begun is not begun again');
  t.is(stderr, '', 'nothing is said of a line that is soon back');
});

test.serial('run: reports lost bytes on stderr', async (t) => {
  const { pod, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) => {
    socket.emit('dropped', { run, stream: 'stdout', from: 0, to: 1_000 });
    socket.emit('output', { run, stream: 'stdout', offset: 1_000, bytes: Buffer.from('rest') });
    socket.emit('exit', { run, exit: { code: 0 } });
  };
  const { code, stdout, stderr } = await cli.run(['run', '--', 'job']);
  t.deepEqual([code, String(stdout)], [0, 'rest']);
  t.regex(stderr, /1000 bytes of stdout/);
});

test.serial('run: input and its end arrive once despite lost connections', async (t) => {
  const { pod, cli } = await setUp(t);
  const sent = Buffer.alloc(300_000, 'input ');
  pod.onFollow = (socket, { run }, nth) => {
    if (nth === 1) socket.on('input', ({ offset }) => offset > 0 && socket.conn.close());
    else
      socket.on('input', ({ end }) => {
        if (end) socket.emit('exit', { run, exit: { code: 0 } });
      });
  };
  const { code } = await cli.run(['run', '--', 'cat'], { input: sent });
  t.is(code, 0);
  const got = Buffer.alloc(sent.length);
  let to = 0;
  for (const { offset, bytes } of pod.inputs) {
    t.true(offset <= to, 'no gap');
    got.set(bytes, offset);
    to = Math.max(to, offset + bytes.length);
  }
  t.true(got.equals(sent));
  t.true(pod.follows.length > 1);
});

test.serial('run: repeats input for which the run had no room', async (t) => {
  const { pod, cli } = await setUp(t);
  const sent = Buffer.alloc(300_000, 'input ');
  pod.refuseInputs = 2;
  pod.onFollow = (socket, { run }) =>
    void socket.on('input', () => {
      if (pod.inputs.some(({ end }) => end)) socket.emit('exit', { run, exit: { code: 0 } });
    });
  t.is((await cli.run(['run', '--', 'cat'], { input: sent })).code, 0);
  t.true(Buffer.concat(pod.inputs.map(({ bytes }) => bytes)).equals(sent));
});

test.serial('stdin: /dev/null is an end of input; an open pipe does not delay the exit', async (t) => {
  const { pod, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) =>
    void socket.on('input', ({ end }) => end && socket.emit('exit', { run, exit: { code: 3 } }));
  t.is((await cli.run(['run', '--', 'cat'], { input: null })).code, 3);
  exitWith(pod, 4);
  t.is((await cli.start(['run', '--', 'true']).ended).code, 4);
});

test.serial('signals: forwarded; a second Ctrl-C leaves and ends the terminal', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) =>
    void socket.emit('output', { run, stream: 'stdout', offset: 0, bytes: Buffer.from('up') });
  const client = cli.start(['run', '--', 'job']);
  await client.until('up');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    client.process.kill(signal);
    t.true(await poll(() => pod.signals.includes(signal), 10_000), signal);
  }
  client.process.kill('SIGINT');
  t.is((await client.ended).code, 130);
  t.deepEqual(pod.signals, ['SIGTERM', 'SIGINT', 'stop']);
  t.is(manager.requests.at(-1)?.method, 'DELETE');
});

test.serial('stdout: a closed reader ends the run, like SIGPIPE', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) => {
    let offset = 0;
    const more = () => {
      if (!socket.connected) return;
      socket.emit('output', { run, stream: 'stdout', offset, bytes: Buffer.alloc(10_000) });
      offset += 10_000;
      setTimeout(more, 5);
    };
    more();
  };
  const client = cli.start(['run', '--', 'yes']);
  client.process.stdout!.once('data', () => client.process.stdout!.destroy());
  t.is((await client.ended).code, 141);
  t.is(manager.requests.at(-1)?.method, 'DELETE');
});

test.serial('signals: a client that leaves keeps its own exit code', async (t) => {
  const { pod, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) =>
    void socket.emit('output', { run, stream: 'stdout', offset: 0, bytes: Buffer.from('up') });
  pod.onStop = (socket, run) => void socket.emit('exit', { run, exit: { signal: 'SIGTERM' } });
  const client = cli.start(['run', '--', 'job']);
  await client.until('up');
  client.process.kill('SIGINT');
  t.true(await poll(() => pod.signals.includes('SIGINT'), 10_000));
  client.process.kill('SIGINT');
  t.is((await client.ended).code, 130);
});

test.serial('detach: prints only the id and keeps the terminal', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  pod.onFollow = (socket, { run }) =>
    void socket.emit('output', { run, stream: 'stdout', offset: 0, bytes: Buffer.from('not here\n') });
  const { code, stdout, stderr } = await cli.run(['run', '--detach', '--', 'job']);
  t.deepEqual([code, stderr], [0, '']);
  t.is(String(stdout), `${pod.starts[0]?.run}\n`);
  t.like(pod.starts[0], { detached: true, stdin: false, endsTerminal: true });
  t.false(manager.requests.some(({ method }) => method === 'DELETE'));
});

test.serial('exec: runs in the terminal of the page and keeps it', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  exitWith(pod, 0);
  t.is((await cli.run(['exec', '--', 'ls'])).code, 0);
  t.is(pod.starts[0]?.endsTerminal, false);
  const [claim] = manager.requests.filter(({ method }) => method === 'POST');
  t.notRegex((claim!.body as { visitor: string }).visitor, /\./);
  t.false(manager.requests.some(({ method }) => method === 'DELETE'));
});

test.serial('queue: Ctrl-C leaves it', async (t) => {
  const { manager, cli } = await setUp(t);
  manager.moveTo({ place: 3, waiting: 9, expectedSeconds: 40 });
  const client = cli.inTerminal(['run', '--', 'true'], { env: { NO_COLOR: '1' } });
  await client.until('position 3, about 40 s');
  manager.moveTo({ place: 1, waiting: 9 });
  await client.until('position 1');
  client.write('\x03');
  await client.until('left with 130');
  t.true(manager.requests.some(({ method, path }) => method === 'DELETE' && path.startsWith('/api/places/')));
});

test.serial('queue: not shown without a terminal on stderr', async (t) => {
  const { manager, pod, cli } = await setUp(t);
  exitWith(pod, 0);
  manager.moveTo({ place: 1, waiting: 1 });
  const client = cli.start(['run', '--', 'true']);
  await poll(() => manager.requests.filter(({ method }) => method === 'POST').length > 1, 30_000);
  manager.moveTo(undefined);
  const { code, stderr } = await client.ended;
  t.deepEqual([code, stderr], [0, '']);
});

test.serial('relay: used if the direct route is off or fails', async (t) => {
  for (const relay of ['always', 'fallback']) {
    const { manager, pod, cli } = await setUp(t, { WARMTERM_RELAY: relay });
    // A port without a server.
    manager.address = { protocol: 'http', host: '127.0.0.1', port: 9 };
    exitWith(pod, 6);
    t.is((await cli.run(['run', '--', 'true'])).code, 6, relay);
  }
});

test.serial('proxy: requests and WebSockets use an HTTP proxy; NO_PROXY bypasses it', async (t) => {
  const { pod, cli, webserver } = await setUp(t);
  exitWith(pod, 0);
  const asked: string[] = [];
  const proxy = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', async (bytes) => {
      const [, host, port] = /^CONNECT ([\w.]+):(\d+) /.exec(String(bytes)) ?? [];
      asked.push(`${host}:${port}`);
      const { connect } = await import('node:net');
      const to = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(to).pipe(socket);
      });
      to.on('error', () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close());
  const { port } = proxy.address() as { port: number };
  const env = { HTTP_PROXY: `http://127.0.0.1:${port}` };
  t.is((await cli.run(['run', '--', 'true'], { env })).code, 0);
  t.true(asked.includes(`127.0.0.1:${webserver.port}`), asked.join());
  t.true(asked.includes(`127.0.0.1:${pod.port}`), asked.join());
  const before = asked.length;
  t.is((await cli.run(['run', '--', 'true'], { env: { ...env, NO_PROXY: '127.0.0.1' } })).code, 0);
  t.is(asked.length, before);
});

test.serial('challenge: is solved', async (t) => {
  const { pod, manager, cli } = await setUp(t);
  exitWith(pod, 0);
  // Demanded by the manager, until the webserver reports a solution.
  manager.misbehave = ({ method, path, body }) =>
    method === 'POST' && path === '/api/terminals' && (body as { challenge?: string }).challenge !== 'solved'
      ? new ServiceError('challenge-required', 'Your network is busy.')
      : undefined;
  const { code, stderr } = await cli.run(['run', '--', 'true']);
  t.deepEqual([code, stderr], [0, '']);
});

test.serial('login: keeps the identity, and replaces one that the server does not recognise', async (t) => {
  const { pod, cli } = await setUp(t);
  exitWith(pod, 0);
  const { WARMTERM_URL: url, ...env } = cli.env;
  const away = { WARMTERM_URL: '' };
  const first = await cli.run(['run', '--', 'true'], { env: away });
  t.is(first.code, 125);
  t.regex(first.stderr, /^warmterm: No server is known yet\. Run: warmterm login URL\n$/);
  t.is((await cli.run(['login', url!], { env: away })).code, 0);
  t.is((await cli.run(['run', '--', 'true'], { env: away })).code, 0);

  const other = await startWebserver(t, {}, { secrets: ['another secret of more than thirty-two bytes'] });
  const file = join(env.HOME!, 'id');
  const kept = join(env.HOME!, '.config/warmterm/identities');
  writeFileSync(file, readFileSync(join(kept, readdirSync(kept)[0]!)));
  const elsewhere = { WARMTERM_URL: other.url, WARMTERM_IDENTITY_FILE: file };
  const refused = await cli.run(['ps'], { env: elsewhere });
  t.is(refused.code, 125);
  t.regex(refused.stderr, oneLine);
  t.regex(refused.stderr, /does not know this identity any more\. Run: warmterm login/);
  t.is((await cli.run(['login', other.url], { env: elsewhere })).code, 0);
  t.is((await cli.run(['ps'], { env: elsewhere })).code, 0);
});

const mistakes: [string, string[], RegExp][] = [
  ['an unknown command', ['rum', '--', 'ls'], /unknown command 'rum'.*run/],
  ['an unknown option', ['run', '--pol', 'x', '--', 'ls'], /--pol/],
  ['no command', ['run'], /missing required argument/],
  ['a bad duration', ['run', '--timeout', 'soon', '--', 'ls'], /--timeout soon/],
  ['a bad variable', ['run', '-e', '1=2', '--', 'ls'], /-e 1=2/],
  ['a command that is too long', ['run', '--', 'x'.repeat(70_000), 'y'.repeat(70_000)], /too long/],
  ['no id of a run', ['wait', 'nonsense!'], /not the id of a run/],
  ['a run that is not there', ['logs', 'abcdefgh1234'], /There is no run abcdefgh1234/],
  ['a copy from here to here', ['cp', 'a', 'b'], /One of the two/],
  ['a shell without a terminal', ['shell'], /needs a terminal/],
  ['a pool that is not there', ['pools', '-p', 'other'], /There is no pool named other/],
  ['an unknown shell', ['completion', 'cmd'], /bash, zsh, fish/],
  ['a pool that cannot be', ['run', '--pool', 'No Pool', '--', 'ls'], /pool/],
];

for (const [title, args, expected] of mistakes) {
  test.serial(`usage: ${title}: one line, exit code 125`, async (t) => {
    const { cli } = await setUp(t);
    const { code, stdout, stderr } = await cli.run(args);
    t.deepEqual([code, String(stdout)], [125, '']);
    t.regex(stderr, oneLine);
    t.regex(stderr, expected);
  });
}

test.serial('usage: a wrong address: one line, exit code 125', async (t) => {
  const { cli } = await setUp(t);
  const page = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  t.teardown(() => page.close());
  const { port } = page.address() as { port: number };
  for (const [url, expected] of [
    ['http://127.0.0.1:9', /nothing listens there/],
    [`http://127.0.0.1:${port}`, /not a warmterm server/],
    ['nonsense', /begins with http/],
  ] as const) {
    const { code, stderr } = await cli.run(['run', '--', 'true'], { env: { WARMTERM_URL: url } });
    t.is(code, 125);
    t.regex(stderr, oneLine);
    t.regex(stderr, expected);
  }
});

test.serial('ps, pools: list as text and as JSON', async (t) => {
  const { pod, cli } = await setUp(t);
  await cli.run(['run', '-d', '--', 'sleep', '1']);
  const { run } = pod.starts[0]!;
  const { stdout } = await cli.run(['ps']);
  t.regex(String(stdout), new RegExp(`^RUN .*\\n${run} +running .*sleep 1\\n$`));
  const [terminal] = JSON.parse(String((await cli.run(['ps', '--json'])).stdout));
  t.like(terminal, { run, pool: 'default' });
  t.is(terminal.runs[0].run, run);
  t.is(String((await cli.run(['pools'])).stdout), 'POOL      READY  QUEUE\nworkshop  1      0\n');
  t.deepEqual(JSON.parse(String((await cli.run(['pools', '-p', 'workshop', '--json'])).stdout)), [
    { name: 'workshop', ready: 1, waiting: 0 },
  ]);
  const env = { WARMTERM_HOST_TOKEN: 'the token of the host' };
  t.regex(String((await cli.run(['pools'], { env })).stdout), /^POOL +READY .*\nworkshop +1 +4 /);
  t.is(JSON.parse(String((await cli.run(['pools', '--json'], { env })).stdout))[0].name, 'workshop');
  const wrong = await cli.run(['pools'], { env: { WARMTERM_HOST_TOKEN: 'wrong' } });
  t.is(wrong.code, 125);
  t.regex(wrong.stderr, /does not accept WARMTERM_HOST_TOKEN/);
});

test.serial('wait: requests only the exit; logs reports a run without stored output', async (t) => {
  const { pod, cli } = await setUp(t);
  await cli.run(['run', '-d', '--', 'job']);
  const id = pod.starts[0]!.run;
  exitWith(pod, 6);
  t.is((await cli.run(['wait', id])).code, 6);
  t.like(pod.follows.at(-1), { run: id, output: false });
  pod.about = { tty: true, detached: false };
  const { code, stdout, stderr } = await cli.run(['logs', id]);
  t.deepEqual([code, String(stdout)], [0, '']);
  t.regex(stderr, oneLine);
  t.regex(stderr, /only on its screen.*warmterm attach/);
  pod.about = { tty: true, detached: true };
  t.is((await cli.run(['logs', id])).stderr, '');
});

test.serial('logs, attach, wait, stop, cp: wait for a restarting webserver', async (t) => {
  const { pod, webserver, cli } = await setUp(t);
  await cli.run(['run', '-d', '--', 'job']);
  const id = pod.starts[0]!.run;
  exitWith(pod, 6);
  const front = createServer((socket) => {
    const behind = connect(Number(new URL(webserver.url).port), '127.0.0.1');
    socket.pipe(behind).pipe(socket);
    socket.on('error', () => behind.destroy());
    behind.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  t.teardown(() => front.close());
  const { port } = front.address() as { port: number };
  await new Promise<void>((resolve) => front.close(() => resolve()));
  const kept = join(cli.env.HOME!, '.config/warmterm/identities');
  const env = {
    WARMTERM_URL: `http://127.0.0.1:${port}`,
    WARMTERM_IDENTITY_FILE: join(kept, readdirSync(kept)[0]!),
  };
  const codes: [string[], number][] = [
    [['logs', id], 0],
    [['logs', '-f', id], 0],
    [['attach', id], 6],
    [['wait', id], 6],
    [['stop', id], 0],
    [['cp', `${id}:nothing`, '.'], 6],
  ];
  const clients = codes.map(([args]) => cli.start(args, { env, cwd: cli.env.HOME! }));
  for (const client of clients) await client.until(/connection lost/);
  await new Promise<void>((resolve) => front.listen(port, '127.0.0.1', resolve));
  for (const [index, [args, code]] of codes.entries()) {
    const ended = await clients[index]!.ended;
    t.is(ended.code, code, `${args[0]}: ${ended.stderr}`);
    t.regex(ended.stderr, /reconnected/, args[0]);
  }
  t.true(pod.signals.includes('stop'));
});

test.serial('open: --print shows the address with the identity, and a warning', async (t) => {
  const { cli } = await setUp(t);
  const id = 'abcdefgh1234';
  const { code, stdout, stderr } = await cli.run(['open', '--pool', 'other', id]);
  t.is(code, 0);
  const kept = join(cli.env.HOME!, '.config/warmterm/identities');
  const identity = readFileSync(join(kept, readdirSync(kept)[0]!), 'utf8').trim();
  t.regex(identity, /^browser\./, 'the server has confirmed it');
  t.is(String(stdout), `${cli.env.WARMTERM_URL}/?pool=other&run=${id}#visitor=${identity}\n`.replace('//?', '/?'));
  t.regex(stderr, oneLine);
  t.regex(stderr, /keep this address secret/);
});

test.serial('open: passes the identity to the browser and does not print it', async (t) => {
  const { cli } = await setUp(t);
  const folder = privateFolder(t);
  const [program, opened] = [join(folder, 'xdg-open'), join(folder, 'opened')];
  writeFileSync(program, `#!/bin/sh\necho "$1" > ${opened}.new; mv ${opened}.new ${opened}\n`, { mode: 0o755 });
  const env = { DISPLAY: ':0', PATH: `${folder}:${process.env.PATH}` };
  const pty = cli.inTerminal(['open'], { env });
  await pty.until('left with 0');
  t.notRegex(pty.text(), /#visitor/);
  t.truthy(await poll(() => existsSync(opened), 60_000));
  t.regex(readFileSync(opened, 'utf8'), /\/#visitor=browser\.\S+\n$/);
  const printed = cli.inTerminal(['open', '--print'], { env });
  await printed.until('left with 0');
  t.regex(printed.text(), /#visitor=browser/);
});

test.serial('open: with identity address, the page’s address has no identity', async (t) => {
  const { cli } = await setUp(t, { WARMTERM_IDENTITY: 'address', WARMTERM_TRUST_PROXY: '0' });
  const { stdout, stderr } = await cli.run(['open']);
  t.notRegex(String(stdout), /#/);
  t.is(stderr, '');
});

test.serial('completion: bash completes commands and options', async (t) => {
  const { cli } = await setUp(t);
  const folder = privateFolder(t);
  mkdirSync(join(folder, 'x'));
  const { stdout } = await cli.run(['completion', 'bash']);
  const complete = (...words: string[]) =>
    execFileSync(
      'bash',
      [
        '-c',
        `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _warmterm; echo "\${COMPREPLY[*]}"`,
        'bash',
        'warmterm',
        ...words,
      ],
      { encoding: 'utf8' },
    ).trim();
  t.is(complete('lo'), 'login logs');
  t.is(complete('run', '--det'), '--detach');
  t.is(complete('share', '--e'), '--expires --end');
  for (const shell of ['zsh', 'fish']) t.regex(String((await cli.run(['completion', shell])).stdout), /detach/);
});

test.serial('help: has examples, exit code 0', async (t) => {
  const { cli } = await setUp(t);
  for (const args of [['--help'], ['run', '--help'], ['share', '--help'], ['cp', '--help']]) {
    const { code, stdout, stderr } = await cli.run(args);
    t.deepEqual([code, stderr], [0, '']);
    t.true(String(stdout).startsWith(`Usage: ${['warmterm', ...args.slice(0, -1)].join(' ')} [`), String(stdout));
    t.regex(String(stdout), /Examples:\n {2}warmterm /);
  }
});

test.serial('path prefix: claim, relay and page work', async (t) => {
  const { pod, webserver } = await setUp(t, { WARMTERM_BASE_PATH: '/a/shell', WARMTERM_RELAY: 'always' });
  exitWith(pod, 3);
  const cli = createCli(t, `${webserver.url}/a/shell/`);
  t.is((await cli.run(['run', '--', 'true'])).code, 3);
  const { stdout } = await cli.run(['open', '--print']);
  t.true(String(stdout).startsWith(`${webserver.url}/a/shell/#visitor=`), String(stdout));
});
