// A pod's volumes as directories: emptyDir, secrets, and projected service account tokens, which are renewed in time.

import { chmod, chown, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Volume } from '../api/objects.ts';
import type { Tokens } from '../tokens.ts';
import { ConfigError, type ReadSecret } from './environment.ts';

/** A directory of the machine, and where the container sees it. */
export type Mount = { source: string; mountPath: string; readOnly: boolean };
export type Volumes = { mountsOf: (container: Container) => Mount[]; close: () => void };

/**
 * Makes the volumes under `directory`, for the pod's `user` where that is not this process's own. Throws ConfigError for a
 * kind that this node does not know.
 */
export async function makeVolumes(
  pod: Pod,
  directory: string,
  { tokens, readSecret, user }: { tokens: Tokens; readSecret: ReadSecret; user: number | undefined },
): Promise<Volumes> {
  const timers: NodeJS.Timeout[] = [];
  const at = (name: string) => join(directory, name);
  const replace = (path: string, content: string | Buffer) => writeWhole(path, content, user);
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.hostPath) continue;
    await mkdir(at(volume.name), { recursive: true, mode: 0o700 });
    await fill(volume, at(volume.name));
    if (user !== undefined) await handOver(volume, at(volume.name), user);
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
        const hostPath = pod.spec.volumes?.find((volume) => volume.name === name)?.hostPath?.path;
        return { source: hostPath ?? at(name), mountPath: mountPath.replace(/(.)\/+$/, '$1'), readOnly };
      }),
    close: () => timers.forEach(clearInterval),
  };
}

type TokenSource = { audience?: string; expirationSeconds?: number; path: string };

// A pod may write into its own folders only. Into the others this process writes again, as root, and would follow a link
// that the pod has put there.
async function handOver(volume: Volume, path: string, user: number): Promise<void> {
  if (volume.emptyDir) return chown(path, user, user);
  await chown(path, 0, user);
  await chmod(path, 0o750);
}

// A reader sees the old content or the new, never half of it.
async function writeWhole(path: string, content: string | Buffer, user: number | undefined): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode: user === undefined ? 0o600 : 0o640 });
  if (user !== undefined) await chown(temporary, 0, user);
  await rename(temporary, path);
}

/** `text` with the path of a mount at its beginning replaced by where the mount really is. */
export function relocate(text: string, places: { from: string; to: string }[]): string {
  const place = places.find(({ from }) => text === from || text.startsWith(`${from}/`));
  return place ? place.to + text.slice(place.from.length) : text;
}
