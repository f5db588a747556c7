// Checks the chart with the API server of the real cluster that KUBECONFIG names: a dry run creates each object, with every
// switch. A deprecated API or an unknown field is a warning in the answer's header, and fails the test. Nothing is installed.

import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import anyTest from 'ava';
import { readServerVersion, type ServerVersion } from '../contracts/server-version.ts';
import { chart, helmProgram, render } from '../helpers/helm.ts';
import { type Api, type Body, openApi } from '../helpers/local-api.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);
const namespace = `warmterm-warnings-${randomBytes(4).toString('hex')}`;
type Served = { plural: string; namespaced: boolean };
let api: Api;
let version: ServerVersion;
/** Resources by `apps/v1/StatefulSet`. */
const served = new Map<string, Served>();

anyTest.before(async () => {
  api = await openApi(process.env.KUBECONFIG ?? '');
  version = readServerVersion((await api.call('GET', '/version')).body);
  const { groups } = (await api.call('GET', '/apis')).body as { groups: { versions: { groupVersion: string }[] }[] };
  const groupVersions = ['v1', ...groups.flatMap(({ versions }) => versions.map((one) => one.groupVersion))];
  for (const groupVersion of groupVersions) {
    const { resources = [] } = (await api.call('GET', root(groupVersion))).body;
    for (const { name, kind, namespaced } of resources as (Body & { name: string })[]) {
      if (!name.includes('/')) served.set(`${groupVersion}/${kind}`, { plural: name, namespaced });
    }
  }
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
});
anyTest.after.always(async () => {
  await api?.call('DELETE', `/api/v1/namespaces/${namespace}`);
});

const root = (groupVersion: string) => (groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`);

anyTest('api-warnings: sees the API server’s deprecation warnings', async (t) => {
  t.log(`Kubernetes ${version.gitVersion}`);
  const { warnings } = await api.call('GET', '/api/v1/componentstatuses');
  t.deepEqual(warnings, ['v1 ComponentStatus is deprecated in v1.19+']);
});

for (const values of readdirSync(`${chart}/ci`)) {
  test(`the API server accepts every object of the chart with ci/${values} without a warning`, async (t) => {
    const known = [...served.keys()].filter((name) =>
      /^(policy|autoscaling|admissionregistration\.k8s\.io)\//.test(name),
    );
    const { objects, refusal } = await render(`${chart}/ci/${values}`, `1.${version.minor}.0`, known);
    // Kubernetes supports root in a user namespace since 1.33, and the chart refuses it before.
    const root133 = values.startsWith('root') && version.minor < 33;
    t.is(refusal !== '', root133, refusal);
    const said: string[] = [];
    for (const object of objects as unknown as (Body & { apiVersion: string; kind: string })[]) {
      const { apiVersion, kind } = object;
      const resource = served.get(`${apiVersion}/${kind}`);
      // Custom resources exist only with their operators.
      if (!resource && /^(monitoring\.coreos\.com|gateway\.networking\.k8s\.io)\//.test(apiVersion)) continue;
      if (!resource) {
        said.push(`${apiVersion} ${kind} is not served`);
        continue;
      }
      const where = resource.namespaced ? `/namespaces/${namespace}` : '';
      object.metadata.namespace = undefined;
      const path = `${root(apiVersion)}${where}/${resource.plural}?dryRun=All`;
      const { code, body, warnings } = await api.call('POST', path, object);
      const about = `${kind} ${object.metadata.name}`;
      if (code !== 201) said.push(`${about}: ${code} ${body.message}`);
      said.push(...warnings.map((warning) => `${about}: ${warning}`));
    }
    t.deepEqual(said, []);
  });
}
