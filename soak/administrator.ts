// Random actions of an administrator on the pool, by kubectl. They bypass all faults.

import type { Random } from '../bench/simulate/random.ts';
import { settingAnnotations } from '../common/names.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';

export type Administrator = ReturnType<typeof createAdministrator>;

/** A Scale omits a count of zero. */
type Scale = { metadata: { resourceVersion: string }; spec: { replicas?: number } };

const mergePatch = 'application/merge-patch+json';

export function createAdministrator({
  transport,
  random,
  spare,
}: {
  transport: Transport;
  random: Random;
  spare: number;
}) {
  const { namespace } = transport;
  const pool = `/apis/apps/v1/namespaces/${namespace}/statefulsets/default`;
  const deleted = new Set<string>();
  const counts = new Map<string, number>();
  let templates = 0;

  const patch = (body: object, path = pool) =>
    transport.request({ method: 'PATCH', path, contentType: mergePatch, body });
  const annotate = (name: keyof typeof settingAnnotations, value: string) =>
    patch({ metadata: { annotations: { [settingAnnotations[name]]: value } } });

  const acts = {
    'another spare': () => annotate('spare', String(Math.max(1, Math.round(spare * (0.5 + random()))))),
    'a wrong setting': () => annotate('spare', 'plenty'),
    'another template': () =>
      patch({ spec: { template: { metadata: { annotations: { 'soak/template': String(++templates) } } } } }),
    'scale to more': async () => {
      // Only if the count is unchanged when the request arrives: otherwise a scale-up may scale down and end sessions.
      const { metadata, spec } = await transport.request<Scale>({ method: 'GET', path: `${pool}/scale` });
      const { resourceVersion } = metadata;
      const replicas = (spec.replicas ?? 0) + 1 + Math.floor(random() * 4);
      await patch({ metadata: { resourceVersion }, spec: { replicas } }, `${pool}/scale`);
    },
  };

  return {
    /** Performs an action that ends no session. */
    async act(): Promise<void> {
      const names = Object.keys(acts) as (keyof typeof acts)[];
      const name = names[Math.floor(random() * names.length)]!;
      await acts[name]();
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    /** Deletes a pod, even if it is in use. */
    async deletePod({ name, uid }: { name: string; uid: string }): Promise<void> {
      deleted.add(uid);
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } };
      await transport.request({ method: 'DELETE', path, body }).catch(() => {});
      counts.set('delete pod', (counts.get('delete pod') ?? 0) + 1);
    },
    hasDeleted: (uid: string) => deleted.has(uid),
    restoreSettings: () => annotate('spare', String(spare)),
    setMax: (max: number) => annotate('max', String(max)),
    counts: (): ReadonlyMap<string, number> => counts,
  };
}
