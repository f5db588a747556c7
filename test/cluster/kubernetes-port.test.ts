// The Kubernetes port against the real cluster that KUBECONFIG names, in a namespace made for it and removed again.
// WARMTERM_TEST_IMAGE is an image with Node that the cluster has or can pull.

import { randomBytes } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { createTransport } from '../../manager/cluster/transport.ts';
import { type ContractContext, testKubernetesPort } from '../helpers/kubernetes-contract.ts';

const test = anyTest as TestFn<ContractContext>;
const namespace = `warmterm-test-${randomBytes(4).toString('hex')}`;
const admin = createTransport({ deadlineMs: 20_000 });

test.serial.before(async () => {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body });
});

test.serial.after.always(async () => {
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  admin.close();
});

testKubernetesPort(test, { node: 'node', image: process.env.WARMTERM_TEST_IMAGE ?? 'node:24-trixie-slim', namespace });
