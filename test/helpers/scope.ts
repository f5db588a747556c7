// A scope that ends with the test file, for systems and browsers that its tests share.

import type { ExecutionContext, TestFn } from 'ava';

/** The part of a test, or of a file's scope, that helpers need. */
export type Scope = Pick<ExecutionContext, 'teardown'> & {
  log(...values: unknown[]): void;
  /** Whether all tests passed. Known once the scope ends. */
  readonly passed: boolean;
};

/** The scope of the file that calls this at its top level. It ends after the last test, and runs teardowns in reverse order. */
export function fileScope(test: TestFn): Scope {
  const ends: (() => unknown)[] = [];
  let passed = true;
  let log: Scope['log'] = () => {};
  test.serial.afterEach.always((t) => {
    passed &&= t.passed;
  });
  test.serial.after.always(async (t) => {
    log = t.log;
    for (const end of ends.reverse()) await end();
  });
  return {
    teardown: (end) => void ends.push(end),
    log: (...values) => log(...values),
    get passed() {
      return passed;
    },
  };
}

/** The scope of the process of the calling file. The process may run other files too (see local/setup/group-tests.mjs). */
export const processScope = (test: TestFn): Scope => fileScope((test as { process?: TestFn }).process ?? test);
