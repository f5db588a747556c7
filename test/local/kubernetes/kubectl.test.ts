// The kubectl commands of the docs, with the real kubectl of the PATH, or those that WARMTERM_TEST_KUBECTL names (paths, separated by
// colons).

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { Body } from '../../helpers/local-api.ts';
import { startTestCluster } from '../../helpers/local-cluster.ts';
import { isReady, openNode, serverPod } from '../../helpers/local-pods.ts';

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const onPath = (process.env.PATH ?? '').split(':').map((directory) => join(directory, 'kubectl'));
const named = process.env.WARMTERM_TEST_KUBECTL?.split(':');
const programs = [...new Set((named ?? onPath).filter(isProgram).map((path) => realpathSync(path)))];

if (programs.length === 0) test.skip('kubectl: every command (skipped: kubectl is not installed)', () => {});

const run = promisify(execFile);

async function setUp(t: ExecutionContext, program: string) {
  const cluster = await startTestCluster(t);
  const node = await openNode(t, cluster);
  const cache = await mkdtemp(join(tmpdir(), 'kubectl-'));
  t.teardown(() => rm(cache, { recursive: true, force: true }));
  const options = ['--kubeconfig', cluster.kubeconfig, '--cache-dir', cache];
  /** The output. An error begins with `!`. */
  const kubectl = async (...args: string[]): Promise<string> => {
    const done = await run(program, [...options, ...args], { timeout: 30_000 }).catch((error) => error);
    return done.code === undefined ? done.stdout : `!${done.stderr}`;
  };
  const file = async (object: Body): Promise<string> => {
    const path = join(cache, `${object.kind}.json`);
    await writeFile(path, JSON.stringify(object));
    return path;
  };
  const { spec } = serverPod('', node.server);
  const pool = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      serviceName: 'web',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web', 'warmterm.dev/claimed': 'false' } }, spec },
    },
  };
  return { cluster, node, kubectl, file, pool, options };
}

for (const program of programs) {
  test(`kubectl: get, describe, events, logs and wait (${program})`, async (t) => {
    const { node, kubectl, file, pool } = await setUp(t, program);
    t.regex(await kubectl('version'), /v1\.36\.0\+warmterm\.local/);
    // The stand-in publishes no schemas, so kubectl cannot validate.
    const create = ['create', '--validate=false', '-f', await file(pool)];
    t.is(await kubectl(...create), 'statefulset.apps/web created\n');
    await node.until('web-0', isReady);
    await node.until('web-1', isReady);
    const pods = await kubectl('get', 'pods', '-L', 'warmterm.dev/claimed');
    t.regex(pods, /^NAME +READY +STATUS +RESTARTS +AGE +CLAIMED\nweb-0 +1\/1 +Running +0 +\d+s +false\nweb-1 /);
    t.regex(await kubectl('get', 'sts,svc,events'), /statefulset\.apps\/web +2\/2[\s\S]*SuccessfulCreate/);
    t.regex(await kubectl('get', 'nodes', '-o', 'wide'), /local +Ready/);
    const described = await kubectl('describe', 'pod', 'web-0');
    for (const part of [
      /Status: +Running/,
      /Controlled By: +StatefulSet\/web/,
      /Readiness: +http-get http:\/\/:http\/ready/,
      /Started container server/,
    ]) {
      t.regex(described, part);
    }
    t.regex(await kubectl('describe', 'sts', 'web'), /create Pod web-0 in StatefulSet web successful/);
    t.is(await kubectl('logs', 'web-1'), 'hello from web-1\n');
    t.regex(await kubectl('get', 'pod', 'web-0', '-o', 'yaml'), /podIP: 127\./);
    t.regex(await kubectl('wait', '--for=condition=Ready', 'pod/web-0'), /condition met/);
    // kubectl has this command since 1.23.
    const { clientVersion } = JSON.parse(await kubectl('version', '--client', '-o', 'json'));
    if (Number.parseInt(clientVersion.minor, 10) >= 23)
      t.regex(await kubectl('events', '--for', 'pod/web-0'), /Started +Pod\/web-0 +Started container server/);
    t.regex(await kubectl(...create), /^!Error from server \(AlreadyExists\).*"web" already exists/);
    t.regex(await kubectl('get', 'pod', 'none'), /^!Error from server \(NotFound\): pods "none" not found/);
    t.regex(await kubectl('get', 'deployments'), /^!error: the server doesn't have a resource type "deployments"/);
  });

  test(`kubectl: scale, annotate, label, patch, rollout restart and delete (${program})`, async (t) => {
    const { cluster, node, kubectl, pool } = await setUp(t, program);
    await cluster.create(pool);
    const { object } = await node.until('web-0', isReady);
    await node.until('web-1', isReady);
    t.is(await kubectl('scale', 'sts', 'web', '--replicas=1'), 'statefulset.apps/web scaled\n');
    await node.until('web-1', ({ type }) => type === 'DELETED');
    t.is(await kubectl('annotate', 'sts', 'web', 'warmterm.dev/spare=3'), 'statefulset.apps/web annotated\n');
    t.is(await kubectl('get', 'sts', 'web', '-o', 'jsonpath={.metadata.annotations}'), '{"warmterm.dev/spare":"3"}');
    t.is(await kubectl('rollout', 'restart', 'sts', 'web'), 'statefulset.apps/web restarted\n');
    const template = '{.spec.template.metadata.annotations}';
    t.regex(await kubectl('get', 'sts', 'web', '-o', `jsonpath=${template}`), /restartedAt/);
    t.is(await kubectl('label', 'pod', 'web-0', 'a=b'), 'pod/web-0 labeled\n');
    t.is(
      await kubectl('patch', 'pod', 'web-0', '--type=merge', '-p', '{"metadata":{"labels":{"a":"c"}}}'),
      'pod/web-0 patched\n',
    );
    const operations = (value: string) =>
      JSON.stringify([
        { op: 'test', path: '/metadata/labels/a', value },
        { op: 'replace', path: '/metadata/labels/a', value: 'd' },
      ]);
    t.is(await kubectl('patch', 'pod', 'web-0', '--type=json', '-p', operations('c')), 'pod/web-0 patched\n');
    t.regex(await kubectl('patch', 'pod', 'web-0', '--type=json', '-p', operations('c')), /^!The request is invalid/);
    t.is(await kubectl('get', 'pods', '-l', 'a=d', '-o', 'name'), 'pod/web-0\n');
    t.is(await kubectl('delete', 'pod', 'web-0'), 'pod "web-0" deleted\n');
    const again = await node.until(
      'web-0',
      (event) => isReady(event) && event.object.metadata.uid !== object.metadata.uid,
    );
    t.is(again.object.metadata.labels.a, undefined);
    t.is(await kubectl('delete', 'sts', 'web'), 'statefulset.apps "web" deleted\n');
    await node.until(
      'web-0',
      ({ type, object: { metadata } }) => type === 'DELETED' && metadata.uid === again.object.metadata.uid,
    );
  });

  test(`kubectl: cordon and uncordon (${program})`, async (t) => {
    const { cluster, node, kubectl } = await setUp(t, program);
    await cluster.create(serverPod('before', node.server));
    t.is(await kubectl('cordon', 'local'), 'node/local cordoned\n');
    t.regex(await kubectl('get', 'nodes'), /^local +Ready,SchedulingDisabled /m);
    await cluster.create(serverPod('after', node.server));
    await cluster.create(serverPod('never', node.server));
    await node.until('before', isReady);
    t.regex(await kubectl('get', 'pods'), /^after +0\/1 +Pending /m);
    t.is(await kubectl('delete', 'pod', 'never'), 'pod "never" deleted\n');
    t.is(await kubectl('uncordon', 'local'), 'node/local uncordoned\n');
    await node.until('after', isReady);
    t.notRegex(await kubectl('get', 'pods'), /never/);
  });

  test(`kubectl: orphans, and what is not offered (${program})`, async (t) => {
    const { cluster, node, kubectl, pool } = await setUp(t, program);
    await cluster.create(pool);
    const { object } = await node.until('web-1', isReady);
    t.is(await kubectl('delete', 'sts', 'web', '--cascade=orphan'), 'statefulset.apps "web" deleted\n');
    t.regex(await kubectl('get', 'pods'), /^web-1 +1\/1 +Running/m);
    await cluster.create(pool);
    const adopted = await node.until('web-1', (event) => {
      const { ownerReferences: [owner] = [] } = event.object.metadata;
      return owner !== undefined && owner.uid !== object.metadata.ownerReferences[0].uid;
    });
    t.is(adopted.object.metadata.uid, object.metadata.uid);
    for (const [command, what] of [
      ['exec web-0 -- ls', 'pods/web-0/exec'],
      ['port-forward web-0 8080:80', 'pods/web-0/portforward'],
      ['attach web-0', 'pods/web-0/attach'],
      ['create deployment d --image=x', 'does not offer'],
      ['set image sts/web server=y', 'merges no lists'],
      ['taint node local a=b:NoSchedule', 'the stand-in cluster'],
      ['top pod', 'Metrics API not available'],
    ] as const) {
      const answer = await kubectl(...command.split(' '));
      t.regex(answer, /^!/, command);
      t.true(answer.includes(what), answer);
    }
  });

  test(`kubectl: get -w (${program})`, async (t) => {
    const { cluster, node, options } = await setUp(t, program);
    const child = spawn(program, [...options, 'get', 'pods', '-w', '-L', 'app'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(async () => {
      const over = once(child, 'exit');
      child.kill();
      await over;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const until = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done || pattern.test(value)) return value;
      }
    };
    await cluster.create(serverPod('p', node.server, { labels: { app: 'x' } }));
    t.regex(await until(/^NAME/), /^NAME +READY +STATUS +RESTARTS +AGE +APP$/);
    t.regex(await until(/1\/1/), /^p +1\/1 +Running +0 +\d+s +x$/);
    await node.api.call('DELETE', `${node.core}/pods/p`);
    t.regex(await until(/Terminating/), /^p +1\/1 +Terminating/);
  });
}
