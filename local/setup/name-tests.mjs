// In a process with several test files, prefixes each title with its file and runs one test at a time, so that tests of one file do not
// delay those of another.

// ava fails a test when nothing keeps the process alive, for example while it waits for AbortSignal.timeout. In a file of its own,
// concurrent tests keep it alive.
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

/**
 * The hooks of one file: ava's would be for the tests of all files of the process. `before` runs before the first test of the file,
 * `after` after its last; with the end of the process where that test has not been selected.
 */
function createHooks(test) {
  const hooks = { before: [], afterEach: [], after: [] };
  let left = 0;
  let started;
  let ended = false;
  const end = async (t) => {
    if (ended || started === undefined) return;
    ended = true;
    for (const hook of hooks.after) await hook(t);
  };
  return {
    declare: {
      before: (hook) => void hooks.before.push(hook),
      afterEach: { always: (hook) => void hooks.afterEach.push(hook) },
      after: {
        always(hook) {
          if (hooks.after.length === 0) test.serial.after.always(end);
          hooks.after.push(hook);
        },
      },
    },
    around(run) {
      left++;
      return async (t, ...args) => {
        left--;
        const isLast = left === 0;
        // ava runs the test's own teardowns before this one, which was added first.
        t.teardown(async () => {
          for (const hook of hooks.afterEach) await hook(t);
          if (isLast) await end(t);
        });
        started ??= runAll(hooks.before, t);
        await started;
        await run(t, ...args);
      };
    },
  };
}

async function runAll(hooks, t) {
  for (const hook of hooks) await hook(t);
}

/** ava's `test` for the tests of `file`. */
export function nameTests(test, file) {
  if (!globalThis.testsShareProcess) return test;
  const hooks = createHooks(test);
  const name = (title) => `${file} › ${title}`;
  const naming =
    (declare, wrap) =>
    (...args) => {
      const title = typeof args[0] === 'string' ? args.shift() : undefined;
      const [body, ...rest] = args;
      // A macro may generate its title.
      const make = body.title ?? ((given) => given);
      return declare({ exec: wrap(body.exec ?? body), title: (_, ...given) => name(make(title, ...given)) }, ...rest);
    };
  const skip = naming(test.skip, (run) => run);
  const one = naming(test.serial, (run) => holding(hooks.around(run)));
  // `process` is ava's own, whose hooks are for all files of the process.
  return Object.assign(one, {
    skip,
    macro: test.macro,
    process: test,
    serial: Object.assign(one, { ...hooks.declare, skip }),
  });
}
