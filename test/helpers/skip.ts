// Tests that cannot run everywhere. A skipped test is counted, and its title has the reason.

import { spawnSync } from 'node:child_process';
import type { ExecutionContext, TestFn } from 'ava';
import { findSandbox } from '../../local/kubernetes/node/sandbox.ts';

type Declare<Context> = (title: string, run: (t: ExecutionContext<Context>) => unknown) => void;

/** Declares tests, or skips them for the reason `why`. */
export const skipIf =
  <Context>(why: string | undefined, test: Declare<Context>, skip: Declare<Context>): Declare<Context> =>
  (title, run) =>
    why === undefined ? test(title, run) : skip(`${title} (skipped: ${why})`, run);

/** Declares tests that need a program on the PATH. */
export const ifInstalled = (program: string, test: TestFn): Declare<unknown> =>
  skipIf(isInstalled(program) ? undefined : `${program} is not installed`, test, test.skip);

const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** The reason why this machine has no sandbox; undefined if it has one. */
export async function whyNoSandbox(): Promise<string | undefined> {
  const found = await findSandbox();
  return 'why' in found ? found.why : undefined;
}

/** The sandbox setting for tests of other things: `off` where this machine has none. */
export const sandboxHere = async (): Promise<'auto' | 'off'> => ((await whyNoSandbox()) === undefined ? 'auto' : 'off');
