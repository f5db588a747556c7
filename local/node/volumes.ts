// A pod's volumes as directories: emptyDir, secrets, and projected service account tokens, which are renewed in time.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Volume } from '../api/objects.ts';
import type { Tokens } from '../tokens.ts';
import { ConfigError, type ReadSecret } from './environment.ts';

/** A directory of the machine, and where the container sees it. */
export type Mount = { source: string; mountPath: string; readOnly: boolean };
export type Volumes = { mountsOf: (container: Container) => Mount[]; close: () => void };

/** Makes the volumes under `directory`. Throws ConfigError for a kind that this node does not know. */
export async function makeVolumes(
  pod: Pod,
  directory: string,
  { tokens, readSecret }: { tokens: Tokens; readSecret: ReadSecret },
): Promise<Volumes> {
  const timers: NodeJS.Timeout[] = [];
  const at = (name: string) => join(directory, name);
  for (const volume of pod.spec.volumes ?? []) {
    await mkdir(at(volume.name), { recursive: true, mode: 0o700 });
    await fill(volume, at(volume.name));
  }

  async function fill(volume: Volume, path: string): Promise<void> {
    if (volume.emptyDir) return;
    if (volume.secret) {
      const data = readSecret(pod.metadata.namespace ?? '', volume.secret.secretName);
      if (!data) throw new ConfigError(`secret "${volume.secret.secretName}" not found`);
      for (const [key, text] of Object.entries(data)) await replace(join(path, key), Buffer.from(text, 'base64'));
      return;
    }
    const sources = volume.projected?.sources ?? [];
    if (!volume.projected || sources.some(({ serviceAccountToken }) => !serviceAccountToken)) {
      throw new ConfigError(`the kind of volume "${volume.name}" is not supported by this node`);
    }
    for (const { serviceAccountToken } of sources) if (serviceAccountToken) await token(serviceAccountToken, path);
  }

  async function token(
    { audience = 'https://kubernetes.default.svc.cluster.local', expirationSeconds = 3_600, path }: TokenSource,
    directory: string,
  ): Promise<void> {
    const { name, uid, namespace = '' } = pod.metadata;
    const write = () => {
      const serviceAccount = pod.spec.serviceAccountName ?? 'default';
      const pod_ = { name, uid };
      const minted = tokens.mint({ namespace, serviceAccount, audience, seconds: expirationSeconds, pod: pod_ });
      return replace(join(directory, path), minted);
    };
    await write();
    // As a kubelet does: a new one after four fifths of its life.
    timers.push(setInterval(() => write().catch(() => {}), expirationSeconds * 800).unref());
  }

  return {
    mountsOf: ({ volumeMounts = [] }) =>
      volumeMounts.map(({ name, mountPath, readOnly = false, subPath = '' }) => {
        if (subPath !== '') throw new ConfigError('subPath is not supported by this node');
        return { source: at(name), mountPath: mountPath.replace(/(.)\/+$/, '$1'), readOnly };
      }),
    close: () => timers.forEach(clearInterval),
  };
}

type TokenSource = { audience?: string; expirationSeconds?: number; path: string };

// Whoever reads the file sees the old content or the new, never half of it.
async function replace(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** `text` with the path of a mount at its beginning replaced by where the mount really is. */
export function relocate(text: string, places: { from: string; to: string }[]): string {
  const place = places.find(({ from }) => text === from || text.startsWith(`${from}/`));
  return place ? place.to + text.slice(place.from.length) : text;
}
