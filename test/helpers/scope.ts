// What outlives a single test: a scope that ends with the test file, for systems and browsers that its tests share.

import type { ExecutionContext, TestFn } from 'ava';

/** What a helper needs of a test, or of a file, that it starts something for. */
export type Scope = Pick<ExecutionContext, 'teardown'> & {
  log(...values: unknown[]): void;
  /** Whether no test has failed. Known once the scope ends. */
  readonly passed: boolean;
};

/** The scope of the file that calls this, at its top level. It ends after the last test, in reverse order. */
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

/** The scope of the process that runs the file that calls this: it may run others too (see local/setup/group-tests.mjs). */
export const processScope = (test: TestFn): Scope => fileScope((test as { process?: TestFn }).process ?? test);
