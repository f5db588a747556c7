import { readFileSync } from 'node:fs';
import test from 'ava';
import { nodeFlags } from '../../local/node-flags.ts';

const flag = '--disable-sigusr1';
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('a process of ours opens no inspector on SIGUSR1, where its Node.js can be told so', (t) => {
  t.deepEqual(nodeFlags, process.allowedNodeEnvironmentFlags.has(flag) ? [flag] : []);
});

for (const path of ['manager/Dockerfile', 'webserver/Dockerfile', 'terminal/entrypoint.sh']) {
  test(`${path} starts Node.js with ${flag}`, (t) => {
    const start = read(path)
      .split('\n')
      .filter((line) => /^(ENTRYPOINT|exec)\b.*\bnode\b/.test(line));
    t.is(start.length, 1);
    t.true(start[0]!.includes(flag));
  });
}
