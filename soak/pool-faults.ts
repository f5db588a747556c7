// Faults of a whole pool: its StatefulSet is recreated, a second one has its label, its Services are refused, its pods
// are refused.

import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../bench/simulate/random.ts';
import { type Transport, unless } from '../manager/kubernetes/transport.ts';
import type { ClusterFault } from './cluster-faults.ts';
import type { Faults, ServiceRefusal } from './faults.ts';
import { type Checker, isLive, poolName } from './invariants.ts';
import type { Losses } from './losses.ts';
import type { World } from './world.ts';

export type FaultOptions = {
  world: World;
  transport: Transport;
  checker: Checker;
  losses: Losses;
  faults: Faults;
  random: Random;
  /** The settings of the pool, to recreate it. */
  settings: Record<string, string>;
};

type RawSet = { metadata: { uid: string } };
type RawService = { metadata: { name: string; uid: string } };

const secondSet = 'copy';

export function describePoolFaults(options: FaultOptions): ClusterFault[] {
  const { world, transport, checker, losses, faults, random, settings } = options;
  const { namespace } = transport;
  const core = `/api/v1/namespaces/${namespace}`;
  const setPath = (name: string) => `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}`;
  const service = (name: string) => `${core}/services/${name}`;
  const remove = (path: string, body: object = {}) =>
    unless([404], transport.request({ method: 'DELETE', path, body: { ...deleteOptions, ...body } }));
  const getSet = (name: string) => unless([404], transport.request<RawSet>({ method: 'GET', path: setPath(name) }));

  /** As `kubectl delete statefulset`. Resolves when the object is deleted. Its pods may still exist. */
  async function deleteSet(name: string): Promise<void> {
    const set = await getSet(name);
    if (!set) return;
    losses.deletesSet(set.metadata.uid);
    const propagationPolicy = random() < 0.5 ? 'Background' : 'Foreground';
    await remove(setPath(name), { propagationPolicy });
    while (await getSet(name)) await delay(100);
  }

  /** Deletes the pool; returns a function that recreates it. */
  async function deletePool() {
    losses.takesPool();
    await deleteSet(poolName);
    return async () => {
      // An earlier attempt may have succeeded without an answer.
      if (!(await getSet(poolName))) await world.createPool(settings);
      losses.returnsPool();
    };
  }

  /** Ordinals of existing pods, in use or not. */
  const ordinals = () =>
    [...checker.pods.values()].filter(isLive).map(({ name }) => Number(name.slice(poolName.length + 1)));

  /** Deletes the Services of about half of the pods: sessions continue, but are not reachable. */
  async function deleteServices(): Promise<string[]> {
    const names = ordinals()
      .filter((ordinal) => ordinal >= 0 && random() < 0.5)
      .map((ordinal) => `${poolName}-${ordinal}`);
    losses.touchesExposure();
    await Promise.all(names.map((name) => remove(service(name))));
    return names;
  }

  const refusing = (status: ServiceRefusal) => async () => {
    faults.refuseServices(status);
    await deleteServices();
    return async () => {
      faults.refuseServices(undefined);
      losses.touchesExposure();
    };
  };

  /** Deletes a terminal's Service, and another one takes its name before a manager recreates it. */
  async function takeServiceName() {
    const [ordinal] = ordinals().filter((each) => each >= 0);
    if (ordinal === undefined) return undefined;
    const name = `${poolName}-${ordinal}`;
    const foreign = { kind: 'Service', apiVersion: 'v1', metadata: { name }, spec: { ports: [{ port: 80 }] } };
    losses.touchesExposure();
    faults.refuseServices(403);
    await remove(service(name));
    await unless([409], transport.request({ method: 'POST', path: `${core}/services`, body: foreign }));
    const made = await transport.request<RawService>({ method: 'GET', path: service(name) });
    faults.refuseServices(undefined);
    return async () => {
      await unless([409], remove(service(name), { preconditions: { uid: made.metadata.uid } }));
      losses.touchesExposure();
    };
  }

  /** A quota below the current use: no more objects of the kind are created. */
  const quota = (name: string, hard: () => Record<string, string>) => async () => {
    const path = `${core}/resourcequotas`;
    const body = { kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name }, spec: { hard: hard() } };
    await remove(`${path}/${name}`);
    const made = await unless([404, 405], transport.request({ method: 'POST', path, body }));
    return made === undefined ? undefined : async () => void (await remove(`${path}/${name}`));
  };

  return [
    { name: 'pool replaced', lastsMs: [0, 0], begin: deletePool },
    { name: 'pool deleted and made again', lastsMs: [1_000, 8_000], begin: deletePool },
    {
      name: 'second set',
      lastsMs: [3_000, 12_000],
      begin: async () => {
        if (!(await getSet(secondSet))) await world.createPool(settings, secondSet);
        return () => deleteSet(secondSet);
      },
    },
    { name: 'Services refused (403)', lastsMs: [3_000, 12_000], begin: refusing(403) },
    { name: 'Services refused (422)', lastsMs: [3_000, 12_000], begin: refusing(422) },
    { name: 'foreign Service', lastsMs: [3_000, 12_000], begin: takeServiceName },
    {
      name: 'quota of pods',
      lastsMs: [3_000, 12_000],
      begin: quota('soak-pods', () => ({ pods: String(Math.floor(0.7 * ordinals().length)) })),
    },
    {
      name: 'quota of node ports',
      lastsMs: [3_000, 12_000],
      begin: async () => {
        const undo = await quota('soak-node-ports', () => ({ 'services.nodeports': '1' }))();
        if (undo) await deleteServices();
        return undo && (() => undo().then(() => losses.touchesExposure()));
      },
    },
  ];
}

const deleteOptions = { kind: 'DeleteOptions', apiVersion: 'v1' };
