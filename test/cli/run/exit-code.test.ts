import test from 'ava';
import { outcomeOf } from '../../../cli/run/exit-code.ts';
import type { RunExit } from '../../../common/runs.ts';

const cases: [RunExit, number, RegExp | undefined][] = [
  [{ code: 0 }, 0, undefined],
  [{ code: 5 }, 5, undefined],
  [{ code: 255 }, 255, undefined],
  [{ signal: 'SIGKILL' }, 137, undefined],
  [{ signal: 'SIGTERM', cause: 'stop' }, 143, undefined],
  [{ code: 3, cause: 'stop' }, 3, undefined],
  [{ signal: 'SIGTERM', cause: 'timeout' }, 124, /timeout/],
  [{ code: 0, cause: 'timeout' }, 124, /timeout/],
  [{ cause: 'not-found', code: 127 }, 127, /no such command/],
  [{ cause: 'not-executable', message: 'a.txt: Permission denied' }, 126, /a\.txt/],
  [{ signal: 'SIGHUP', cause: 'abandoned' }, 125, /client was away/],
  [{ cause: 'terminal', message: 'evicted' }, 125, /evicted/],
  [{ cause: 'terminal' }, 125, /terminal ended/],
  // An exit without code or signal is not a success.
  [{}, 125, /does not say/],
  [{ signal: 'signal 35' }, 125, /signal 35/],
];

for (const [exit, code, reason] of cases) {
  test(`exit code: ${JSON.stringify(exit)} is ${code}`, (t) => {
    const outcome = outcomeOf(exit);
    t.is(outcome.code, code);
    if (reason === undefined) t.is(outcome.reason, undefined);
    else t.regex(outcome.reason ?? '', reason);
  });
}
