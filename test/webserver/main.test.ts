// The webserver as a process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { builtPage, builtService } from '../helpers/built.ts';
import { hostToken, visitorSecret } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';
import { managerToken, startManager } from '../helpers/webserver-manager.ts';

function start(t: ExecutionContext, environment: Record<string, string>) {
  const child = spawn(process.execPath, [builtService('webserver')], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { child, exited };
}

async function secretFiles(t: ExecutionContext, contents: Record<string, string>): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'warmterm-webserver-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const paths = Object.keys(contents).map((name) => [name, join(directory, name)] as const);
  await Promise.all(paths.map(([name, path]) => writeFile(path, `${contents[name]}\n`)));
  return Object.fromEntries(paths);
}

test('process: starts, serves a visitor and exits on SIGTERM', async (t) => {
  const manager = await startManager(t);
  const { child, exited } = start(t, {
    HOST: '127.0.0.1',
    PORT: '0',
    WARMTERM_PUBLIC_DIR: builtPage,
    WARMTERM_MANAGER_URL: manager.url,
    ...(await secretFiles(t, {
      WARMTERM_MANAGER_TOKEN_FILE: managerToken,
      WARMTERM_VISITOR_SECRET_FILE: visitorSecret,
      WARMTERM_HOST_TOKEN_FILE: hostToken,
    })),
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { port, msg } = JSON.parse(line);
  t.is(msg, 'listening');
  const visitor = createVisitor(`http://127.0.0.1:${port}`);
  t.is((await visitor.send('GET', '/')).status, 200);
  t.is((await visitor.send('POST', '/api/terminals', { body: {} })).status, 201);
  t.is(manager.requests[0]?.authorization, `Bearer ${managerToken}`);
  child.kill('SIGTERM');
  t.deepEqual(await exited, [0, null]);
});

test('inv 12: process: exits without its token for the manager, so the kubelet restarts it', async (t) => {
  const { child, exited } = start(t, {
    PORT: '0',
    WARMTERM_PUBLIC_DIR: builtPage,
    WARMTERM_MANAGER_URL: 'http://127.0.0.1:1',
    WARMTERM_MANAGER_TOKEN_FILE: '/nonexistent/token',
    ...(await secretFiles(t, { WARMTERM_VISITOR_SECRET_FILE: visitorSecret })),
  });
  const complaint = text(child.stderr);
  // If it listens anyway, its first log line shows that.
  const listening = once(createInterface(child.stdout), 'line').then(([line]) => line);
  t.deepEqual(await Promise.race([exited, listening]), [2, null]);
  t.regex(await complaint, /WARMTERM_MANAGER_TOKEN_FILE="\/nonexistent\/token"/);
});

test('inv 10: process: exits on invalid settings before it listens, and prints only the problems', async (t) => {
  const { child, exited } = start(t, { PORT: 'http', WARMTERM_IDENTITY: 'person' });
  const complaint = await text(child.stderr);
  t.deepEqual(await exited, [2, null]);
  t.regex(complaint, /PORT="http"/);
  t.regex(complaint, /WARMTERM_IDENTITY="person"/);
  t.regex(complaint, /WARMTERM_MANAGER_URL is not set/);
  t.notRegex(complaint, /at .*\.ts:/);
});
