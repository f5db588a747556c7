// The Kubernetes port over the embedded stand-in.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { type LocalCluster, startLocalCluster } from '../../../local/kubernetes/cluster.ts';
import { type ContractContext, testKubernetesPort } from '../../contracts/kubernetes-port.ts';
import { silent } from '../../helpers/manager.ts';
import { sandboxHere } from '../../helpers/skip.ts';

const test = anyTest as TestFn<ContractContext>;
const directory = mkdtempSync(join(tmpdir(), 'contract-'));
let cluster: LocalCluster;

test.serial.before(async () => {
  cluster = await startLocalCluster({
    directory: join(directory, 'cluster'),
    log: silent,
    sandbox: await sandboxHere(),
  });
  process.env.KUBECONFIG = cluster.kubeconfig;
});

test.serial.after.always(async () => {
  await cluster?.close();
  rmSync(directory, { recursive: true, force: true });
});

testKubernetesPort(test, () => ({ node: process.execPath, image: 'node', namespace: cluster.namespace }));
