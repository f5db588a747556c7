import { readFileSync } from 'node:fs';
import test from 'ava';
import { nodeFlags } from '../../local/node-flags.ts';

const flag = '--disable-sigusr1';
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('node flags: SIGUSR1 opens no inspector, where Node.js has the flag', (t) => {
  t.deepEqual(nodeFlags, process.allowedNodeEnvironmentFlags.has(flag) ? [flag] : []);
});

for (const path of ['manager/Dockerfile', 'webserver/Dockerfile', 'terminal/entrypoint.sh']) {
  test(`node flags: ${path} starts Node.js with ${flag}`, (t) => {
    const start = read(path)
      .split('\n')
      .filter((line) => /^(ENTRYPOINT|exec)\b.*\bnode\b/.test(line));
    t.is(start.length, 1);
    t.true(start[0]!.includes(flag));
  });
}
