// A new pool for each test of a file, in one system. On a real cluster a pool takes a few seconds, and a system twenty.

import type { TestFn } from 'ava';
import { settingAnnotations } from '../../common/names.ts';
import { shareTestSystem, type TestSystem, type TestSystemOptions, until } from './system.ts';

export type NewPoolOptions = Required<Pick<TestSystemOptions, 'settings'>> & Pick<TestSystemOptions, 'replicas'>;

/**
 * One system for the tests of a file, and a new pool for each of them. Call the result at the start of a test. It deletes the
 * pool of the test before with all its objects. The new pool has the same name, but the manager has no state of it.
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

/** Waits for the Services too: a visitor of the new pool must not get one that is about to be deleted. */
async function removePool({ kubernetes }: TestSystem): Promise<void> {
  await kubernetes.deletePool();
  await until('no pool', async () => {
    // Without this, sessions would end with their full grace period.
    for (const { metadata } of await kubernetes.pods()) await kubernetes.deletePod(metadata.name, 0).catch(() => {});
    return (await kubernetes.countDependents()) === 0;
  });
}
