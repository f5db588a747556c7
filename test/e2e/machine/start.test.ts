// `npm start` as a user runs it: its output, its end, and its errors when it cannot start.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { freePort } from '../../../local/ports.ts';
import { proposedId } from '../../helpers/proposed-id.ts';
import { until } from '../../helpers/system.ts';

const start = fileURLToPath(new URL('../../../local/setup/start.mjs', import.meta.url));

function run(t: ExecutionContext, env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [start], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  t.teardown(() => child.kill('SIGKILL'));
  return { child, output: () => output };
}

/** Command lines of all processes of the system in `directory`. */
function processesOf(directory: string): string[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => read(pid, 'cmdline').includes(directory) || read(pid, 'environ').includes(directory))
    .map((pid) => `${pid} ${read(pid, 'cmdline')}`);
}

async function startAndWait(t: ExecutionContext) {
  const port = String(await freePort());
  const { child, output } = run(t, { PORT: port });
  const page = await until(`an address in:\n${output()}`, async () => /page\s+(http\S+)/.exec(output())?.[1]);
  t.is(page, `http://127.0.0.1:${port}/`);
  t.true((await fetch(page)).ok);
  const directory = /--kubeconfig (\S+)\/cluster\/kubeconfig/.exec(output())![1]!;
  await until('a process of each kind', async () => processesOf(directory).length >= 4);
  return { child, output, directory };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test.serial(`npm start: ${signal} leaves no process, file or socket behind`, async (t) => {
    const { child, directory } = await startAndWait(t);
    child.kill(signal);
    const [code] = await once(child, 'exit');
    t.is(code, 0);
    t.deepEqual(processesOf(directory), []);
    t.false(existsSync(directory));
  });
}

test.serial('npm start: SIGKILL ends its services and terminals too', async (t) => {
  const { child, directory } = await startAndWait(t);
  child.kill('SIGKILL');
  await until('nothing left', async () => processesOf(directory).length === 0);
  t.pass();
});

test.serial('inv 10: npm start: a port in use and invalid settings get a sentence each', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const taken = run(t, { PORT: String(port) });
  t.is((await once(taken.child, 'exit'))[0], 1);
  t.is(taken.output().trim(), `warmterm cannot start:\n  PORT=${port}: another process already listens on this port`);

  const wrong = run(t, { PORT: 'web', WARMTERM_SPARE: '-1' });
  t.is((await once(wrong.child, 'exit'))[0], 1);
  t.regex(wrong.output(), /PORT="web": must be a whole number.*\n.*WARMTERM_SPARE="-1": must be/);
});

test.serial('inv 10: npm start: prints a service’s complaint about settings, and leaves nothing behind', async (t) => {
  for (const [env, said] of [
    [{ WARMTERM_RELAY: 'sometimes' }, 'WARMTERM_RELAY="sometimes": must be one of fallback, always, never'],
    [
      { WARMTERM_CLAIM_TIMEOUT: '5' },
      'WARMTERM_CLAIM_TIMEOUT="5": must be a duration between 100ms and 1m, such as 30s or 15m',
    ],
    [{ WARMTERM_SHELL: 'no shell' }, 'WARMTERM_SHELL="no shell": must be'],
  ] as [Record<string, string>, string][]) {
    const { child, output } = run(t, { PORT: String(await freePort()), ...env });
    t.is((await once(child, 'exit'))[0], 1);
    t.true(output().startsWith(`warmterm cannot start:\n  ${said}`), output());
  }
});

test.serial('npm start: accepts settings of the services: path prefix, relay and shell', async (t) => {
  const port = String(await freePort());
  const { output } = run(t, {
    PORT: port,
    WARMTERM_BASE_PATH: '/shell/',
    WARMTERM_RELAY: 'always',
    WARMTERM_SHELL: '/bin/sh',
  });
  const page = await until(`an address in:\n${output()}`, async () => /page\s+(http\S+)/.exec(output())?.[1]);
  t.is(page, `http://127.0.0.1:${port}/shell/`);
  const answer = await fetch(`${page}api/terminals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'warmterm-visitor': proposedId() },
    body: '{}',
  });
  t.is(((await answer.json()) as { relay: string }).relay, 'always');
});
