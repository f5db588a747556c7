// A new pool for each test of a file, in one system: on a real cluster it takes a few seconds, and another system twenty.

import type { TestFn } from 'ava';
import { settingAnnotations } from '../../common/names.ts';
import { shareTestSystem, type TestSystem, type TestSystemOptions, until } from './system.ts';

export type NewPoolOptions = Required<Pick<TestSystemOptions, 'settings'>> & Pick<TestSystemOptions, 'replicas'>;

/**
 * One system for the tests of a file, and a new pool for each of them. The result, called at the start of a test, deletes the
 * pool of the test before, and all that belongs to it. The new one has its name, but nothing that the manager knows of it.
 */
export function sharePools(
  test: TestFn,
  options?: Omit<TestSystemOptions, keyof NewPoolOptions>,
): (pool: NewPoolOptions) => Promise<TestSystem> {
  const system = shareTestSystem(test, options);
  let first: Awaited<ReturnType<TestSystem['kubernetes']['statefulSet']>> | undefined;
  return async ({ replicas = 1, settings }) => {
    const { kubernetes } = system();
    const changed = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [settingAnnotations[name as keyof typeof settings], value]),
    );
    if (first === undefined) {
      // The system has just started: its pool is new.
      first = await kubernetes.statefulSet();
      await kubernetes.annotate(changed);
      if (replicas > 1) await kubernetes.scale(replicas);
      return system();
    }
    await removePool(system());
    const { kind, apiVersion, metadata, spec } = first;
    const { name, labels, annotations } = metadata;
    await kubernetes.createPool({
      kind,
      apiVersion,
      metadata: { name, labels, annotations: { ...annotations, ...changed } },
      spec: { ...spec, replicas },
    });
    return system();
  };
}

/** Waits also for the Services: a visitor of the new pool must not be sent to one that is about to go. */
async function removePool({ kubernetes }: TestSystem): Promise<void> {
  await kubernetes.deletePool();
  await until('no pool', async () => {
    // Sessions would be ended with all their time.
    for (const { metadata } of await kubernetes.pods()) await kubernetes.deletePod(metadata.name, 0).catch(() => {});
    return (await kubernetes.countDependents()) === 0;
  });
}
