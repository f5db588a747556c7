// An embedded cluster for one test file, or one test.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../common/log.ts';
import {
  type LocalCluster,
  type LocalClusterOptions,
  startLocalCluster,
  type Tuning,
} from '../../local/kubernetes/cluster.ts';
import { sandboxHere } from './skip.ts';

export type TestCluster = LocalCluster & { directory: string };
type Scope = { teardown: (fn: () => Promise<unknown>) => void };

/** A cluster that stops at the end of `scope`. */
export async function startTestCluster(
  scope: Scope,
  options: Partial<LocalClusterOptions> = {},
  tuning: Tuning = {},
): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'local-'));
  const log = createLog('local', 'silent');
  const cluster = await startLocalCluster(
    { directory: join(directory, 'cluster'), log, closeGraceMs: 500, sandbox: await sandboxHere(), ...options },
    tuning,
  );
  scope.teardown(async () => {
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { ...cluster, directory: join(directory, 'cluster') };
}

/** Writes a Node program to a file, removed at the end of `scope`. Returns the command that runs it. */
export async function writeProgram(scope: Scope, source: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'program-'));
  scope.teardown(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'program.mjs');
  await writeFile(file, source);
  return [process.execPath, file];
}
