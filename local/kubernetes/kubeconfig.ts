// The kubeconfig of the API, as JSON, which is YAML too. The token is in it twice (api/server.ts says why).

import { writeFile } from 'node:fs/promises';

/** Writes it so that only its owner can read it, because the token may do everything. */
export async function writeKubeconfig(
  path: string,
  { url, token, namespace }: { url: string; token: string; namespace: string },
): Promise<void> {
  const name = 'warmterm-local';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `${url}/${token}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': name,
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
