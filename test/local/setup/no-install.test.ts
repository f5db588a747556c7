import test from 'ava';
import { takeNoInstall } from '../../../local/setup/system-packages.mjs';

test('no install: reads the option from the arguments or the environment, and removes it there', (t) => {
  for (const [args, env, expected] of [
    [['a', '--no-install'], {}, true],
    [['a'], { WARMTERM_NO_INSTALL: '1' }, true],
    [['a'], { WARMTERM_NO_INSTALL: '0' }, false],
    [['a'], {}, false],
  ] as [string[], NodeJS.ProcessEnv, boolean][]) {
    t.is(takeNoInstall(args, env), expected);
    t.deepEqual([args, env], [['a'], {}]);
  }
});
