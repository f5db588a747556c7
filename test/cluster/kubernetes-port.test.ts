// The Kubernetes port against the real cluster that KUBECONFIG names, in a namespace that the suite creates and removes.
// WARMTERM_TEST_IMAGE is an image with Node that the cluster has or can pull.

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { createTransport, unless } from '../../manager/kubernetes/transport.ts';
import { type ContractContext, testKubernetesPort } from '../contracts/kubernetes-port.ts';

const test = anyTest as TestFn<ContractContext>;
const namespace = `warmterm-test-${randomBytes(4).toString('hex')}`;
const admin = createTransport({ deadlineMs: 20_000 });

// A cluster without the Gateway API gets the minimal definitions that the suite needs, until the suite ends.
const httpRoutes = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'httproutes.gateway.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
  },
  spec: {
    group: 'gateway.networking.k8s.io',
    scope: 'Namespaced',
    names: { kind: 'HTTPRoute', plural: 'httproutes' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
let defined = false;

test.serial.before(async () => {
  const made = admin.request({ method: 'POST', path: definitions, body: httpRoutes });
  defined = (await unless([409], made)) !== undefined;
  // The API serves it a moment after creation: until then 404, and since 1.22 also 429 `storage is (re)initializing`.
  const path = '/apis/gateway.networking.k8s.io/v1/httproutes';
  const deadline = AbortSignal.timeout(30_000);
  const listed = () =>
    admin.request({ method: 'GET', path }).catch((error) => {
      if (error.status !== 404 && error.code !== 'unavailable') throw error;
    });
  while (!(await listed())) await delay(100, undefined, { signal: deadline });
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body });
});

test.serial.after.always(async () => {
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  if (defined) await admin.request({ method: 'DELETE', path: `${definitions}/${httpRoutes.metadata.name}` });
  admin.close();
});

const image = process.env.WARMTERM_TEST_IMAGE ?? 'node:24-trixie-slim';
testKubernetesPort(test, { node: 'node', image, namespace }, ['Ingress', 'HTTPRoute']);
