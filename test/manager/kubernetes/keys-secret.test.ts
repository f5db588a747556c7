// The manager as it runs in a cluster: it creates its keys in a Secret.

import test, { type ExecutionContext } from 'ava';
import { paths } from '../../../common/manager-api.ts';
import { startManagerProcess } from '../../helpers/another-manager.ts';
import { mergePatch, openApi } from '../../helpers/local-api.ts';
import { startTestCluster, type TestCluster } from '../../helpers/local-cluster.ts';

const pathIn = ({ namespace }: TestCluster) => `/api/v1/namespaces/${namespace}/secrets/warmterm-keys`;

async function startManager(t: ExecutionContext, { kubeconfig }: TestCluster) {
  const manager = await startManagerProcess(t, { KUBECONFIG: kubeconfig, WARMTERM_KEYS_SECRET: 'warmterm-keys' });
  const response = await fetch(new URL(paths.jwks, manager.url));
  const { keys } = (await response.json()) as { keys: { kid: string }[] };
  return { ...manager, kid: keys[0]!.kid };
}

test('inv 3: keys: created once, and used again after a restart', async (t) => {
  const cluster = await startTestCluster(t);
  const api = await openApi(cluster.kubeconfig);
  const secret = pathIn(cluster);
  const first = await startManager(t, cluster);
  const made = (await api.call('GET', secret)).body.data;
  t.deepEqual(Object.keys(made).sort(), ['host-token', 'signing-key.pem', 'visitor-secret']);
  await first.kill();
  const second = await startManager(t, cluster);
  t.is(second.kid, first.kid);
  t.deepEqual((await api.call('GET', secret)).body.data, made);
});

test('keys: a manager that starts without a signing key creates one and keeps the other keys', async (t) => {
  const cluster = await startTestCluster(t);
  const api = await openApi(cluster.kubeconfig);
  const secret = pathIn(cluster);
  const first = await startManager(t, cluster);
  const { body: made } = await api.call('PATCH', secret, { data: { 'signing-key.pem': null } }, mergePatch);
  const second = await startManager(t, cluster);
  t.not(second.kid, first.kid);
  const { 'signing-key.pem': key, ...others } = (await api.call('GET', secret)).body.data;
  t.truthy(key);
  t.deepEqual(others, made.data);
});
