// kill -9 during a run: of the client, of the terminal's server, and of the pod, at any moment. If the result of the command is
// unknown, the exit code is 125 and never 0.

import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { createRandom } from '../../../bench/simulate/random.ts';
import { createCli, restored } from '../../helpers/cli.ts';
import { budget, seedOf } from '../../helpers/long.ts';
import { podServer } from '../../helpers/pod-server.ts';
import { isClaimed, type RawPod, shareLocalSystem, until } from '../../helpers/system.ts';

const system = shareLocalSystem(test, { replicas: 3, settings: { spare: '2', max: '12', runGrace: '5s' } });

const claims = async () => (await system().kubernetes.pods()).filter(isClaimed);
const gone = (pod: RawPod) =>
  until('the terminal to end', async () => (await claims()).every(({ metadata }) => metadata.uid !== pod.metadata.uid));

/** The action of a test on the terminal of a run. */
const deaths = {
  'the terminal’s server is killed': async ({ metadata }: RawPod) => process.kill(podServer(metadata.uid), 'SIGKILL'),
  'the pod is deleted': ({ metadata }: RawPod) => system().kubernetes.deletePod(metadata.name),
  'the pod is deleted by force': ({ metadata }: RawPod) => system().kubernetes.deletePod(metadata.name, 0),
};

/** The pod that the next claim gets. */
async function nextClaim(): Promise<() => Promise<RawPod>> {
  const before = new Set((await claims()).map(({ metadata }) => metadata.uid));
  return () => until('a claim', async () => (await claims()).find(({ metadata }) => !before.has(metadata.uid)));
}

for (const [what, kill] of Object.entries(deaths)) {
  test.serial(`kill: ${what} during a run: exit code 125 with the reason`, async (t) => {
    const pod = await nextClaim();
    const client = createCli(t, system().pageUrl).start(['run', '--', 'sh', '-c', 'echo ready; sleep 1000']);
    await client.until('ready');
    await kill(await pod());
    const { code, stdout, stderr } = await client.ended;
    t.deepEqual([code, String(stdout)], [125, 'ready\n']);
    t.regex(stderr.trimEnd().split('\n').at(-1)!, /^warmterm: \S+ .+\.$/);
  });

  test.serial(`kill: ${what} during a run with a tty: exit code 125, and the local terminal is restored`, async (t) => {
    const pod = await nextClaim();
    const pty = createCli(t, system().pageUrl).inTerminal(['run', '--', 'sh', '-c', 'echo ready; sleep 1000']);
    await pty.until('ready');
    await kill(await pod());
    await pty.until('left with 125');
    await restored(t, pty);
  });
}

const moments = budget({ short: 6, long: 60 });

test.serial(`kill: at ${moments} moments of a run: complete and correct, or exit code 125`, async (t) => {
  t.timeout(900_000);
  const random = createRandom(seedOf(t));
  const outcomes: string[] = [];
  for (let round = 0; round < moments; round++) {
    const kinds = Object.values(deaths);
    const kill = kinds[round % kinds.length]!;
    const pod = await nextClaim();
    const command = ['sh', '-c', 'for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; exit 7'];
    const client = createCli(t, system().pageUrl).start(['run', '--', ...command], { input: null });
    const victim = await pod();
    // A random moment, from before the command starts until after it ends.
    await delay(random() * 2_000);
    // A pod that has ended by itself has no server.
    await Promise.resolve(kill(victim)).catch(() => {});
    const { code, stdout, stderr } = await client.ended;
    outcomes.push(`${code}`);
    if (code === 7) t.is(String(stdout), '1\n2\n3\n4\n5\n');
    else t.is(code, 125, stderr);
    if (code === 125) t.regex(stderr.trimEnd().split('\n').at(-1)!, /^warmterm: \S+ .+\.$/);
    t.true('1\n2\n3\n4\n5\n'.startsWith(String(stdout)), String(stdout));
  }
  t.log(outcomes.join(' '));
});

test.serial(
  'kill: the client of a run with a tty; the run ends after run-grace, and its terminal with it',
  async (t) => {
    const pod = await nextClaim();
    const client = createCli(t, system().pageUrl).start(['run', '-t', '--', 'sh', '-c', 'echo ready; sleep 1000']);
    await client.until('ready');
    const victim = await pod();
    client.process.kill('SIGKILL');
    await gone(victim);
    t.pass();
  },
);
