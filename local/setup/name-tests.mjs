// In a process that runs several test files, says of each test in which file it is, and runs one test at a time: those of one file are
// no reason for those of another to be late.

// ava gives up on a test when nothing holds the process, such as one that waits for AbortSignal.timeout. In a file of its own, tests
// that run beside it hold the process.
const holding =
  (run) =>
  async (...args) => {
    const timer = setInterval(() => {}, 60_000);
    try {
      await run(...args);
    } finally {
      clearInterval(timer);
    }
  };

/** ava's `test` for the tests of `file`. */
export function nameTests(test, file) {
  if (!globalThis.testsShareProcess) return test;
  const name = (title) => `${file} › ${title}`;
  const naming =
    (declare) =>
    (...args) => {
      const title = typeof args[0] === 'string' ? args.shift() : undefined;
      const [body, ...rest] = args;
      // A macro may make its title itself.
      const make = body.title ?? ((given) => given);
      return declare(
        { exec: holding(body.exec ?? body), title: (_, ...given) => name(make(title, ...given)) },
        ...rest,
      );
    };
  return Object.assign(naming(test.serial), { skip: naming(test.skip), macro: test.macro });
}
