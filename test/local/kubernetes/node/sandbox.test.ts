// What a visitor inside the sandbox can see.

import { readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findSandbox } from '../../../../local/kubernetes/node/sandbox.ts';
import { startTestCluster, writeProgram } from '../../../helpers/local-cluster.ts';
import { isReady, openNode, serverPod } from '../../../helpers/local-pods.ts';
import { skipIf, whyNoSandbox } from '../../../helpers/skip.ts';

const sandboxed = skipIf(await whyNoSandbox(), test, test.skip);

sandboxed('inv 7: sandbox: no other pods, homes or cluster files, and no way to write outside', async (t) => {
  const cluster = await startTestCluster(t);
  const node = await openNode(t, cluster);
  const secret = join(homedir(), `.local-sandbox-test-${process.pid}`);
  await writeFile(secret, 'x');
  t.teardown(() => rm(secret));
  const spy = await writeProgram(
    t,
    `import { existsSync, readdirSync, writeFileSync } from 'node:fs';
     import { userInfo } from 'node:os';
     const can = (path) => { try { writeFileSync(path + '/.written', 'x'); return true; } catch { return false; } };
     console.log(JSON.stringify({
       processes: readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).length,
       secret: existsSync(process.env.SECRET),
       cluster: existsSync(process.env.CLUSTER + '/kubeconfig'),
       home: can(process.env.HOME), tmp: can('/tmp'), etc: can('/etc'), usr: can('/usr'), pty: existsSync('/dev/ptmx'),
       root: process.getuid() === 0, user: userInfo().username, homes: readdirSync('/home'),
     }));
     setInterval(() => {}, 1000);`,
  );
  const env = [
    { name: 'SECRET', value: secret },
    { name: 'CLUSTER', value: cluster.directory },
  ];
  const container = { readinessProbe: undefined };
  for (const name of ['a', 'b']) await cluster.create(serverPod(name, spy, { env, container }));
  for (const name of ['a', 'b']) {
    await node.until(name, isReady);
    let text = '';
    while (!text.endsWith('\n')) text = (await node.api.call('GET', `${node.core}/pods/${name}/log`)).text;
    const seen = JSON.parse(text);
    t.deepEqual(seen, {
      processes: 2,
      secret: false,
      cluster: false,
      home: true,
      tmp: true,
      etc: false,
      usr: false,
      pty: true,
      root: false,
      user: 'visitor',
      homes: ['visitor'],
    });
  }
  t.deepEqual((await readdir(join(cluster.directory, 'pods'))).length, 2);
});

sandboxed('sandbox: tmux and a shell run inside, and end with the pod', async (t) => {
  const cluster = await startTestCluster(t);
  const node = await openNode(t, cluster);
  const script =
    'tmux new-session -d "echo inside > $HOME/new; mv $HOME/new $HOME/out; sleep 1000"; while ! cat $HOME/out; do :; done 2> /dev/null; sleep 1000';
  await cluster.create(serverPod('p', ['/bin/sh', '-c', script], { container: { readinessProbe: undefined } }));
  await node.until('p', isReady);
  let text = '';
  while (!text.includes('inside\n')) text = (await node.api.call('GET', `${node.core}/pods/p/log`)).text;
  await node.api.call('DELETE', `${node.core}/pods/p`, { gracePeriodSeconds: 1 });
  t.is((await node.until('p', ({ type }) => type === 'DELETED')).type, 'DELETED');
});

// Serial, because it changes the PATH of this process.
test.serial('sandbox: none without bubblewrap, with the reason', async (t) => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  const found = await findSandbox().finally(() => {
    process.env.PATH = PATH;
  });
  t.deepEqual(found, { why: 'bubblewrap is not installed' });
});

const asRoot = skipIf(process.getuid?.() === 0 ? undefined : 'only root is refused', test.serial, test.serial.skip);

asRoot('sandbox: root is refused without one, and told what to do', async (t) => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  const start = startTestCluster(t, { sandbox: 'auto' }).finally(() => {
    process.env.PATH = PATH;
  });
  const error = await t.throwsAsync(start, { code: 'invalid-config' });
  t.regex(error.message, /bubblewrap is not installed[\s\S]*WARMTERM_SANDBOX=off/);
});
