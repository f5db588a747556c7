// Tests that cannot run everywhere. A skip is counted, and its title says why.

import { spawnSync } from 'node:child_process';
import type { ExecutionContext, TestFn } from 'ava';
import { findSandbox } from '../../local/kubernetes/node/sandbox.ts';

type Declare<Context> = (title: string, run: (t: ExecutionContext<Context>) => unknown) => void;

/** Declares tests, or, where there is a reason `why` they cannot run here, skips them. */
export const skipIf =
  <Context>(why: string | undefined, test: Declare<Context>, skip: Declare<Context>): Declare<Context> =>
  (title, run) =>
    why === undefined ? test(title, run) : skip(`${title} (skipped: ${why})`, run);

/** Declares tests that need a program on the PATH. */
export const ifInstalled = (program: string, test: TestFn): Declare<unknown> =>
  skipIf(isInstalled(program) ? undefined : `${program} is not installed`, test, test.skip);

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Why no sandbox can be had on this machine; undefined where there is one. */
export async function whyNoSandbox(): Promise<string | undefined> {
  const found = await findSandbox();
  return 'why' in found ? found.why : undefined;
}

/** For tests of other things, on a machine whose root can have no sandbox: without one. */
export const sandboxHere = async (): Promise<'auto' | 'off'> => ((await whyNoSandbox()) === undefined ? 'auto' : 'off');
