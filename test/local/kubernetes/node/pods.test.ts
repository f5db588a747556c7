// Pods as processes, from their start to their end: each test with a sandbox (where there is one) and without.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startTestCluster, type TestCluster, writeProgram } from '../../../helpers/local-cluster.ts';
import { ask, isReady, type Node, openNode, serverPod, serverSource } from '../../../helpers/local-pods.ts';

type Run = (t: ExecutionContext, node: Node, cluster: TestCluster, sandbox: 'auto' | 'off') => Promise<void>;
const onBoth = (title: string, run: Run) => {
  for (const sandbox of ['auto', 'off'] as const) {
    test(`${title} (sandbox ${sandbox})`, async (t) => {
      const backOff = { first: 10, longest: 50, forgetAfter: 600_000 };
      const cluster = await startTestCluster(t, { sandbox }, { backOff });
      await run(t, await openNode(t, cluster), cluster, sandbox);
    });
  }
};

/** Processes with `text` in their environment, except this one. */
const processesWith = (text: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });

onBoth('pod: the environment comes from its specification only', async (t, node, _cluster, sandbox) => {
  process.env.SECRET_OF_THE_PARENT = 'x';
  const env = [{ name: 'PLAIN', value: 'a' }];
  await node.create(serverPod('p', node.server, { env, labels: { app: 'web' } }));
  const { object } = await node.until('p', isReady);
  t.like(object.status, { phase: 'Running', hostIP: '127.0.0.1' });
  const { env: seen, uid, cwd } = await ask(object.status.podIP);
  t.like(seen, {
    PLAIN: 'a',
    POD_NAME: 'p',
    POD_IP: object.status.podIP,
    HOSTNAME: 'p',
  });
  t.false('SECRET_OF_THE_PARENT' in seen);
  t.is(cwd, seen.HOME);
  if (sandbox === 'auto' && seen.HOME === '/home/visitor') t.not(uid, 0);
});

onBoth('log: whole, tail, and of the previous run', async (t, node) => {
  await node.create(serverPod('p', node.server));
  const { object } = await node.until('p', isReady);
  const log = async (query = '') => (await node.api.call('GET', `${node.core}/pods/p/log${query}`)).text;
  t.is(await log(), 'hello from p\n');
  t.is(await log('?tailLines=1'), 'hello from p\n');
  t.is(await log('?tailLines=0'), '');
  t.is((await node.api.call('GET', `${node.core}/pods/p/log?container=none`)).code, 400);
  await ask(object.status.podIP, '/crash').catch(() => {});
  await node.until('p', (event) => isReady(event) && event.object.status.containerStatuses[0].restartCount === 1);
  t.is(await log('?previous=true'), 'hello from p\n');
});

onBoth('container: restarts when it ends, and its status has the exit code', async (t, node) => {
  await node.create(serverPod('p', node.server));
  const { object } = await node.until('p', isReady);
  await ask(object.status.podIP, '/crash').catch(() => {});
  const down = await node.until('p', (event) => event.object.status.containerStatuses?.[0].restartCount > 0);
  t.false(isReady(down));
  const up = await node.until(
    'p',
    (event) => isReady(event) && event.object.status.containerStatuses[0].restartCount > 0,
  );
  t.like(up.object.status.containerStatuses[0], {
    restartCount: 1,
    lastState: { terminated: { exitCode: 3, reason: 'Error' } },
  });
  t.is(up.object.metadata.uid, object.metadata.uid);
});

onBoth('container: a command that fails at once is in CrashLoopBackOff', async (t, node) => {
  await node.create(serverPod('p', ['/bin/sh', '-c', 'exit 7']));
  const waiting = await node.until(
    'p',
    ({ object }) => object.status.containerStatuses?.[0].state.waiting?.reason === 'CrashLoopBackOff',
  );
  t.is(waiting.object.status.containerStatuses[0].lastState.terminated.exitCode, 7);
  const events = await node.api.call('GET', `${node.core}/events?fieldSelector=reason%3DBackOff`);
  t.is(events.body.items.length, 1);
});

onBoth('probe: the Ready condition follows it', async (t, node) => {
  await node.create(serverPod('p', node.server));
  const { object } = await node.until('p', isReady);
  await ask(object.status.podIP, '/fail');
  const unready = await node.until(
    'p',
    (event) =>
      !isReady(event) && Number(event.object.metadata.resourceVersion) > Number(object.metadata.resourceVersion),
  );
  t.is(
    unready.object.status.conditions.find(({ type }: { type: string }) => type === 'Ready').reason,
    'ContainersNotReady',
  );
});

onBoth('probe: a failed liveness probe restarts the container', async (t, node) => {
  const livenessProbe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, failureThreshold: 1 };
  await node.create(serverPod('p', node.server, { container: { livenessProbe } }));
  const { object } = await node.until('p', isReady);
  await ask(object.status.podIP, '/fail');
  const again = await node.until(
    'p',
    (event) => isReady(event) && event.object.status.containerStatuses[0].restartCount === 1,
  );
  t.is(again.object.status.containerStatuses[0].lastState.terminated.exitCode, 0);
});

onBoth('deletion: SIGTERM, then no process and no file is left', async (t, node, cluster) => {
  await node.create(serverPod('p', node.server));
  const { object } = await node.until('p', isReady);
  const { uid } = object.metadata;
  const follow = node.api.call('GET', `${node.core}/pods/p/log?follow=true`);
  const deleted = await node.api.call('DELETE', `${node.core}/pods/p`);
  t.is(deleted.body.metadata.deletionGracePeriodSeconds, 5);
  await node.until('p', ({ type }) => type === 'DELETED');
  t.is((await follow).text, 'hello from p\ngoodbye\n');
  t.deepEqual(processesWith(uid), []);
  t.deepEqual(readdirSync(join(cluster.directory, 'pods')), []);
});

onBoth('deletion: kills what ignores SIGTERM or has left its process group after the grace', async (t, node) => {
  const stubborn = await writeProgram(
    t,
    `import { spawn } from 'node:child_process';
     process.on('SIGTERM', () => {});
     spawn('/bin/sh', ['-c', 'sleep 1000'], { detached: true, stdio: 'ignore' }).unref();
     setInterval(() => {}, 1000);
     console.log('up');`,
  );
  const pod = serverPod('p', stubborn, { container: { readinessProbe: undefined } });
  const { metadata } = await node.create(pod);
  await node.until('p', isReady);
  await node.api.call('DELETE', `${node.core}/pods/p`, { gracePeriodSeconds: 1 });
  await node.until('p', ({ type }) => type === 'DELETED');
  t.deepEqual(processesWith(metadata!.uid!), []);
});

onBoth('deletion: without grace the object is gone at once', async (t, node) => {
  await node.create(serverPod('p', node.server));
  const { object } = await node.until('p', isReady);
  await node.api.call('DELETE', `${node.core}/pods/p`, { gracePeriodSeconds: 0 });
  t.is((await node.api.call('GET', `${node.core}/pods/p`)).code, 404);
  await node.create(serverPod('p', node.server));
  const { object: next } = await node.until(
    'p',
    (event) => isReady(event) && event.object.metadata.uid !== object.metadata.uid,
  );
  t.not(next.status.podIP, object.status.podIP);
});

onBoth('volumes: a token at its path, valid until the pod ends', async (t, node, cluster) => {
  const sources = [{ serviceAccountToken: { audience: 'warmterm-manager', path: 'token', expirationSeconds: 600 } }];
  const program = await writeProgram(
    t,
    `import { readFileSync } from 'node:fs';
     console.log(readFileSync(process.env.TOKEN, 'utf8'));
     setInterval(() => {}, 1000);`,
  );
  const env = [{ name: 'TOKEN', value: '/var/run/secrets/warmterm/token' }];
  const volumeMounts = [{ name: 'token', mountPath: '/var/run/secrets/warmterm', readOnly: true }];
  const spec = { volumes: [{ name: 'token', projected: { sources } }] };
  const container = { volumeMounts, readinessProbe: undefined };
  const { metadata } = await cluster.create(serverPod('p', program, { env, container, spec }));
  await node.until('p', isReady);
  const read = async () => (await node.api.call('GET', `${node.core}/pods/p/log`)).text;
  let text = await read();
  while (!text.endsWith('\n')) text = await read();
  const token = text.trim();
  const review = async (audiences?: string[]) =>
    (
      await node.api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
        spec: { token, ...(audiences && { audiences }) },
      })
    ).body.status;
  t.like(await review(['warmterm-manager']), {
    authenticated: true,
    audiences: ['warmterm-manager'],
    user: {
      username: `system:serviceaccount:${cluster.namespace}:default`,
      extra: {
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': [metadata!.uid],
      },
    },
  });
  t.is((await review(['another'])).authenticated, undefined);
  t.is((await review()).authenticated, undefined);
  await node.api.call('DELETE', `${node.core}/pods/p`, { gracePeriodSeconds: 0 });
  t.is((await review(['warmterm-manager'])).authenticated, undefined);
  await cluster.create(serverPod('p', node.server));
  t.is((await review(['warmterm-manager'])).authenticated, undefined, 'another pod of the same name');
});

onBoth('inv 6: pods that are deleted during their start leave no process', async (t, node, cluster) => {
  const uids: string[] = [];
  for (let n = 0; n < 30; n++) {
    const { metadata } = await node.create(serverPod(`p${n}`, node.server));
    uids.push(metadata!.uid!);
    // Each at another moment of its start.
    for (let turn = 0; turn < n; turn++) await new Promise(setImmediate);
    await node.api.call('DELETE', `${node.core}/pods/p${n}`, { gracePeriodSeconds: n % 2 });
  }
  for (let n = 0; n < 30; n++) await node.until(`p${n}`, ({ type }) => type === 'DELETED');
  await cluster.close();
  for (const uid of uids) t.deepEqual(processesWith(uid), []);
});

test('container: its status says why it cannot start', async (t) => {
  const node = await openNode(t, await startTestCluster(t));
  const waiting = async (name: string) => {
    const { object } = await node.until(
      name,
      (event) => event.object.status.containerStatuses?.[0].state.waiting?.message,
    );
    return object.status.containerStatuses[0].state.waiting;
  };
  await node.create(serverPod('imageless', [], { container: { command: undefined } }));
  t.like(await waiting('imageless'), {
    reason: 'CreateContainerConfigError',
    message: 'no command specified: this node runs commands, not images',
  });
  await node.create(serverPod('absent', ['/no/such/program']));
  const { object } = await node.until(
    'absent',
    (event) =>
      event.object.status.containerStatuses?.[0].restartCount > 0 ||
      event.object.status.containerStatuses?.[0].state.waiting?.reason === 'RunContainerError',
  );
  t.truthy(object);
});

test('close: no process and no file is left', async (t) => {
  for (const sandbox of ['auto', 'off'] as const) {
    const ends: (() => Promise<unknown>)[] = [];
    const cluster = await startTestCluster({ teardown: (end) => ends.push(end) }, { sandbox });
    const node = await openNode(t, cluster);
    const { metadata } = await node.create(serverPod('p', node.server));
    await node.until('p', isReady);
    for (const end of ends) await end();
    t.deepEqual(processesWith(metadata!.uid!), []);
    t.false(existsSync(cluster.directory));
  }
});

onBoth('deletion: removes folders that are nested deeper than a path can be long', async (t, node, cluster) => {
  const nest =
    "for (let depth = 0; depth < 30; depth++) { mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); } process.chdir('/');";
  const program = await writeProgram(t, `import { mkdirSync } from 'node:fs';\n${nest}\n${serverSource}`);
  await node.create(serverPod('p', program));
  await node.until('p', isReady);
  await node.api.call('DELETE', `${node.core}/pods/p`);
  await node.until('p', ({ type }) => type === 'DELETED');
  t.deepEqual(readdirSync(join(cluster.directory, 'pods')), []);
});
