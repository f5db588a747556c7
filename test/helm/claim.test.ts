// The program of `helm test`, run against a system on this machine, by the direct route and by the relay.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { fileScope } from '../helpers/scope.ts';
import { startOnMachine } from '../helpers/system.ts';

const scope = fileScope(test);

for (const relay of ['never', 'always'] as const) {
  test.serial(`helm test: gets an answer from a shell, relay: ${relay}`, async (t) => {
    const { pageUrl } = await startOnMachine(scope, { relay });
    // Node 20 has its WebSocket behind a flag; the image has a later Node.
    const args = ['--experimental-websocket', new URL('../../helm/files/claim.mjs', import.meta.url).pathname];
    const env = { PATH: process.env.PATH, PAGE: pageUrl.replace(/\/$/, '') };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    t.regex(stdout, /its shell answers: six times seven is 42/);
    t.regex(stdout, relay === 'always' ? /claimed \S+ at the relay/ : /claimed \S+ at http/);
    t.regex(stdout, /given back: 204/);
  });
}
