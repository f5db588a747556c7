// Runs in real pods: the built client, through node ports, to commands that a kubelet's containers run.

import { createHash, randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { createCli } from '../helpers/cli.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { isClaimed, isReady, type RawPod, until, visitorOf } from '../helpers/system.ts';

let release: Release;
test.before(async () => {
  release = await installRelease({ 'poolDefaults.spare': '3', 'poolDefaults.max': '6', 'poolDefaults.runGrace': '5s' });
  await until('three terminals', async () => (await pods()).filter(isReady).length >= 3);
});
test.after.always(() => release?.discard());

const path = (resource: string) => `/api/v1/namespaces/${release.namespace}/${resource}`;
const pods = async () =>
  (
    await release.transport.request<{ items: RawPod[] }>({
      method: 'GET',
      path: path('pods?labelSelector=warmterm.dev%2Fpool'),
    })
  ).items;
const podOf = async (run: string) =>
  (await pods()).find((pod) => isClaimed(pod) && visitorOf(pod)?.endsWith(`.${run}`));
const visitor = (t: ExecutionContext) => createCli(t, release.pageUrl);
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

test.serial('run: 5 MB each way, separate stderr, the command’s exit code; its pod is deleted', async (t) => {
  const bytes = randomBytes(5_000_000);
  const { code, stdout, stderr } = await visitor(t).run(['run', '--', 'sh', '-c', 'cat; echo over >&2; exit 5'], {
    input: bytes,
  });
  t.deepEqual([code, stderr], [5, 'over\n']);
  t.is(sha256(stdout), sha256(bytes));
  await until('no terminal in use', async () => !(await pods()).some(isClaimed));
});

test.serial('run: a tty: initial size, Ctrl-C and `exit 7`', async (t) => {
  const pty = visitor(t).inTerminal(['run', '--', 'bash', '--norc'], { cols: 91, rows: 27 });
  await pty.until(/[$#] /);
  pty.write('stty size; sleep 1000\r');
  await pty.until('27 91');
  pty.write('\x03');
  // Bash may drop input that arrives before its next prompt.
  await pty.until(/\^C[\s\S]*[$#] /);
  pty.write('exit 7\r');
  await pty.until('left with 7');
  t.pass();
});

test.serial('run: a detached run is found again; after its pod’s deletion, wait exits with 125', async (t) => {
  const cli = visitor(t);
  const { stdout } = await cli.run(['run', '-d', '--', 'sh', '-c', 'echo up; sleep 1000']);
  const id = String(stdout).trim();
  await until('its output', async () => String((await cli.run(['logs', id])).stdout) === 'up\n');
  const waiting = cli.start(['wait', id]);
  const pod = await until('the pod of the run', () => podOf(id));
  await release.transport.request({ method: 'DELETE', path: path(`pods/${pod.metadata.name}`) });
  const { code, stderr } = await waiting.ended;
  t.is(code, 125);
  t.regex(stderr, /^warmterm: [^\n]+\n$/);
});
