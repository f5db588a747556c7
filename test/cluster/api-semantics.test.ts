// The API contract of the stand-in, run against the real cluster that KUBECONFIG names, in a namespace created for it.

import { randomBytes } from 'node:crypto';
import test from 'ava';
import { testApiSemantics } from '../contracts/api-semantics.ts';
import { openApi } from '../helpers/local-api.ts';

const kubeconfig = process.env.KUBECONFIG ?? '';
const namespace = `warmterm-semantics-${randomBytes(4).toString('hex')}`;

test.before(async (t) => {
  const made = await (await openApi(kubeconfig)).call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  t.is(made.code, 201, made.text);
  // The API refuses pods until the namespace's default account exists.
  const api = await openApi(kubeconfig);
  const watch = api.watch(`/api/v1/namespaces/${namespace}/serviceaccounts?watch=1&timeoutSeconds=30`);
  await watch.until(({ object }) => object.metadata?.name === 'default');
  watch.stop();
});
test.after.always(async () => {
  await (await openApi(kubeconfig)).call('DELETE', `/api/v1/namespaces/${namespace}`);
});

testApiSemantics(test, () => ({ kubeconfig, namespace }));
