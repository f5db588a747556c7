import test from 'ava';
import { takeNoInstall } from '../../../local/setup/system-packages.mjs';

test('what says not to install is taken out of the arguments and the environment, where it would be unknown', (t) => {
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
