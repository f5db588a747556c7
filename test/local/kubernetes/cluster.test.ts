// The cluster as a whole: an outage of its API, its tokens, and its end by SIGKILL.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { KubernetesObject } from '../../../local/kubernetes/cluster.ts';
import { openApi } from '../../helpers/local-api.ts';
import { startTestCluster, writeProgram } from '../../helpers/local-cluster.ts';
import { poll } from '../../helpers/poll.ts';

test('outage: the API returns at the same port, and a watch resumes', async (t) => {
  const cluster = await startTestCluster(t, { node: 'hollow' });
  const api = await openApi(cluster.kubeconfig);
  const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name } });
  const { metadata } = await cluster.create(secret('a'));
  const path = `/api/v1/namespaces/${cluster.namespace}/secrets?watch=1&resourceVersion=${metadata!.resourceVersion}`;
  const watch = api.watch(path);
  await cluster.stopApi();
  await watch.ended;
  await t.throwsAsync(api.call('GET', '/api/v1/nodes'), { code: 'ECONNREFUSED' });
  await cluster.create(secret('b'));
  await cluster.startApi();
  const resumed = api.watch(path);
  t.teardown(() => resumed.stop());
  t.is((await resumed.until(() => true)).object.metadata.name, 'b');
});

test('kubeconfig: only its owner can read it', async (t) => {
  const cluster = await startTestCluster(t, { node: 'hollow' });
  t.is(statSync(cluster.kubeconfig).mode & 0o777, 0o600);
});

test('token: without a pod, a review returns its account only', async (t) => {
  const cluster = await startTestCluster(t, { node: 'hollow' });
  const api = await openApi(cluster.kubeconfig);
  const token = cluster.mintToken({ serviceAccount: 'webserver', audience: 'warmterm-manager' });
  const spec = { token, audiences: ['warmterm-manager'] };
  const { body } = await api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec });
  t.like(body.status, {
    authenticated: true,
    user: { username: `system:serviceaccount:${cluster.namespace}:webserver` },
  });
  t.deepEqual(Object.keys(body.status.user.extra), ['authentication.kubernetes.io/credential-id']);
  const stranger = await openApi(cluster.kubeconfig, `Bearer ${token}`);
  t.is((await stranger.call('GET', '/api/v1/nodes')).code, 401);
});

test('hollow: stirred pods report a restart in turn, and stay Ready', async (t) => {
  const cluster = await startTestCluster(t, { node: 'hollow' });
  const api = await openApi(cluster.kubeconfig);
  const path = `/api/v1/namespaces/${cluster.namespace}/pods`;
  const spec = { containers: [{ name: 'c', image: 'none' }] };
  for (const name of ['a', 'b']) {
    await cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec } as KubernetesObject);
  }
  type Status = { containerStatuses?: { ready: boolean; restartCount: number }[] };
  const states = async () => {
    const { body } = await api.call('GET', path);
    return body.items.map(({ status }: { status: Status }) => status.containerStatuses?.[0]);
  };
  while ((await states()).some((state: { ready: boolean } | undefined) => !state?.ready));
  cluster.stir(3);
  const restarts = (await states()).map(({ ready, restartCount }: { ready: boolean; restartCount: number }) => {
    t.true(ready);
    return restartCount;
  });
  // Each pod at most once in a call.
  t.deepEqual(restarts, [1, 1]);
  cluster.stir(1);
  t.deepEqual((await states()).map(({ restartCount }: { restartCount: number }) => restartCount).sort(), [1, 2]);
});

const marked = (mark: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });

for (const sandbox of ['auto', 'off'] as const) {
  test(`SIGKILL: leaves no process (sandbox ${sandbox})`, async (t) => {
    const mark = `mark-${process.pid}-${sandbox}`;
    const directory = await mkdtemp(join(tmpdir(), 'killed-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const at = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
    const command = ['/bin/sh', '-c', '(setsid sleep 1000 &); sleep 1000'];
    const container = { name: 'c', image: 'i', command, env: [{ name: 'MARK', value: mark }] };
    const [node = '', file = ''] = await writeProgram(
      t,
      `import { startLocalCluster } from ${at('local/kubernetes/cluster.ts')};
       import { createLog } from ${at('common/log.ts')};
       const options = { directory: ${JSON.stringify(directory)}, sandbox: '${sandbox}', log: createLog('local', 'silent') };
       const cluster = await startLocalCluster(options);
       await cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [${JSON.stringify(container)}] } });
       setInterval(() => {}, 1000);`,
    );
    const child = spawn(node, ['--import=tsx', file], { stdio: 'inherit', cwd: new URL('../../..', import.meta.url) });
    const over = once(child, 'exit');
    // Only the process table shows it.
    t.true(await poll(() => marked(mark).length >= 2, 20_000));
    child.kill('SIGKILL');
    await over;
    t.true(await poll(() => marked(mark).length === 0, 20_000), marked(mark).join());
  });
}
