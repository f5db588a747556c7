// A pod's volumes as directories: folders of this machine, and projected service account tokens, which are renewed in time.

import { chmod, chown, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../api/objects.ts';
import type { Container } from '../api/schemas.ts';
import type { Tokens } from '../tokens.ts';

/** A directory of the machine, and where the container sees it. */
export type Mount = { source: string; mountPath: string; readOnly: boolean };
export type Volumes = { mountsOf: (container: Container) => Mount[]; close: () => void };

/** Makes the volumes under `directory`. `user` may read them, if the pod has a user of its own. */
export async function makeVolumes(
  pod: Pod,
  directory: string,
  { tokens, user }: { tokens: Tokens; user: number | undefined },
): Promise<Volumes> {
  const { name, uid, namespace = '' } = pod.metadata;
  const timers: NodeJS.Timeout[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const folder = join(directory, volume.name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const { serviceAccountToken } of volume.projected?.sources ?? []) {
      const { audience, expirationSeconds: seconds, path } = serviceAccountToken;
      const serviceAccount = pod.spec.serviceAccountName;
      const write = () => {
        const token = tokens.mint({ namespace, serviceAccount, audience, seconds, pod: { name, uid } });
        return replaceFile(join(folder, path), token, user);
      };
      await write();
      // A kubelet too renews a token after four fifths of its life.
      timers.push(setInterval(() => write().catch(() => {}), seconds * 800).unref());
    }
    if (user === undefined) continue;
    // The folder stays root's: this process writes into it again, and must not follow a link that the pod has put there.
    await chown(folder, 0, user);
    await chmod(folder, 0o750);
  }
  return {
    mountsOf: ({ volumeMounts = [] }) =>
      volumeMounts.map(({ name, mountPath, readOnly = false }) => {
        const hostPath = pod.spec.volumes?.find((volume) => volume.name === name)?.hostPath?.path;
        return { source: hostPath ?? join(directory, name), mountPath: mountPath.replace(/(.)\/+$/, '$1'), readOnly };
      }),
    close: () => timers.forEach(clearInterval),
  };
}

/** A reader sees the old content or the new one, never a part. */
async function replaceFile(path: string, content: string, user: number | undefined): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode: user === undefined ? 0o600 : 0o640 });
  if (user !== undefined) await chown(temporary, 0, user);
  await rename(temporary, path);
}

/** `text` with the path of a mount at its beginning replaced by the place where the mount is. */
export function relocate(text: string, places: { from: string; to: string }[]): string {
  const place = places.find(({ from }) => text === from || text.startsWith(`${from}/`));
  return place ? place.to + text.slice(place.from.length) : text;
}
