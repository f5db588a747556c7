// The webserver's OpenAPI document, and the example programs written from it.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import * as z from 'zod';
import { paths } from '../../common/terminals-api.ts';
import { dist } from '../helpers/built.ts';
import { poll } from '../helpers/poll.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { ifInstalled } from '../helpers/skip.ts';
import { startWebserver } from '../helpers/webserver-app.ts';

const examples = fileURLToPath(new URL('../docs/examples/', dist));

const operationSchema = z.object({ requestBody: z.object({}).optional() });
const documentSchema = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

test('openapi: every operation in the document exists', async (t) => {
  const { url } = await startWebserver(t);
  const response = await fetch(`${url}/openapi.json`);
  t.regex(response.headers.get('content-type') ?? '', /^application\/json/);
  const { openapi, paths } = documentSchema.parse(await response.json());
  t.is(openapi, '3.1.0');
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { requestBody }] of Object.entries(operations)) {
      const answer = await fetch(url + path, {
        method: method.toUpperCase(),
        headers: { 'warmterm-visitor': proposedId(), ...(requestBody && { 'content-type': 'application/json' }) },
        ...(requestBody && { body: '{}' }),
      });
      t.notRegex(await answer.text(), /"code":"not-found"/, `${method} ${path}`);
    }
  }
});

test('openapi: lists the host API only if there is a host token', async (t) => {
  const hasHost = async (hostPage: boolean) => {
    const { url } = await startWebserver(t, {}, { hostPage });
    const { paths } = documentSchema.parse(await (await fetch(`${url}/openapi.json`)).json());
    return '/api/host/pools' in paths;
  };
  t.deepEqual([await hasHost(true), await hasHost(false)], [true, false]);
});

for (const [program, needs] of [
  ['open-terminal.py', 'python3'],
  ['open-terminal.sh', 'jq'],
] as const) {
  const ifIt = ifInstalled(needs, test);
  const interpreter = needs === 'jq' ? 'sh' : needs;
  const run = async (home: string, ...args: string[]) => {
    const env = { ...process.env, WARMTERM_IDENTITY_FILE: join(home, 'identity') };
    return await promisify(execFile)(interpreter, [join(examples, program), ...args], { env });
  };
  const homeFor = async (t: Parameters<Parameters<typeof ifIt>[1]>[0]) => {
    const home = await mkdtemp(join(tmpdir(), 'example-'));
    t.teardown(() => rm(home, { recursive: true }));
    return home;
  };

  ifIt(`example ${program}: opens a terminal, ends it, and keeps the identity for the next run`, async (t) => {
    const { url, manager } = await startWebserver(t);
    const home = await homeFor(t);
    const { stdout } = await run(home, url);
    t.regex(stdout, /^new terminal \S+ at http:\/\/192\.0\.2\.7:30123\nended\n$/);
    const identity = await readFile(join(home, 'identity'), 'utf8');
    t.regex(identity, /^browser\./);
    t.is((await stat(join(home, 'identity'))).mode & 0o777, 0o600);
    await run(home, `${url}/`, 'other');
    t.is(await readFile(join(home, 'identity'), 'utf8'), identity);
    const claims = manager.requests.filter(({ method }) => method === 'POST').map(({ body }) => body);
    const [first, second] = claims as { visitor: string; pool?: string }[];
    t.is(first?.visitor, second?.visitor);
    t.deepEqual([first?.pool, second?.pool], [undefined, 'other']);
  });

  ifIt(
    `example ${program}: claims the terminal of a run, lists it beside that of the page, and ends it alone`,
    async (t) => {
      const { url, manager } = await startWebserver(t);
      const home = await homeFor(t);
      await run(home, url);
      const page = {
        'content-type': 'application/json',
        'warmterm-visitor': await readFile(join(home, 'identity'), 'utf8'),
      };
      await fetch(url + paths.terminals, { method: 'POST', headers: page, body: '{}' });
      const { stdout } = await run(home, url, '', 'k3x9a0b7');
      t.regex(stdout, /^new terminal \S+ at \S+\n(?:page: \S+\nk3x9a0b7: \S+|k3x9a0b7: \S+\npage: \S+)\nended\n$/);
      const left = await fetch(url + paths.terminals, { headers: page });
      const { terminals } = (await left.json()) as { terminals: { run?: string }[] };
      t.deepEqual(
        terminals.map((terminal) => terminal.run),
        [undefined],
      );
      t.is(manager.requests.filter(({ method }) => method === 'POST').length, 3);
    },
  );

  ifIt(`example ${program}: waits in the queue`, async (t) => {
    const { url, manager } = await startWebserver(t);
    manager.moveTo({ place: 2, waiting: 3 });
    const ran = run(await homeFor(t), url);
    t.truthy(await poll(() => manager.requests.length >= 2, 60_000));
    manager.moveTo(undefined);
    const { stdout, stderr } = await ran;
    t.regex(stderr, /^position 2 of 3\n/);
    t.regex(stdout, /^new terminal /);
  });

  ifIt(`example ${program}: says why it was refused, and fails`, async (t) => {
    const { url } = await startWebserver(t);
    const failed = await t.throwsAsync(run(await homeFor(t), url, 'no such pool'));
    t.regex((failed as unknown as { stderr: string }).stderr, /^invalid-request: \S/);
  });
}
