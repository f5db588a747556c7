import test from 'ava';
import { attachEnvironment, shellEnvironment } from '../../terminal/shell-environment.ts';

const about = { shell: '/bin/bash', home: '/home/visitor', exists: () => true };

test("the shell gets the image's environment, and nothing of the server's or the cluster's", (t) => {
  const given = {
    PATH: '/opt/bin:/bin',
    EDITOR: 'vim',
    LANG: 'de_DE.UTF-8',
    PORT: '3000',
    LOG_LEVEL: 'info',
    NODE_OPTIONS: '--x',
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    WARMTERM_MANAGER_TOKEN_FILE: '/token',
    TMUX: '/tmp/x,1,0',
    TMUX_PANE: '%1',
    GONE: undefined,
  };
  t.deepEqual(shellEnvironment(given, about), {
    PATH: '/opt/bin:/bin',
    EDITOR: 'vim',
    LANG: 'de_DE.UTF-8',
    HOME: '/home/visitor',
    SHELL: '/bin/bash',
    COLORTERM: 'truecolor',
    TERM: 'tmux-256color',
  });
});

test('shell-environment: replaces a locale that is not UTF-8', (t) => {
  for (const locale of [{}, { LANG: 'C' }, { LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }]) {
    const { LANG, LC_ALL, LC_CTYPE } = shellEnvironment(locale, about);
    t.deepEqual({ LANG, LC_ALL, LC_CTYPE }, { LANG: 'C.UTF-8', LC_ALL: undefined, LC_CTYPE: undefined });
  }
  t.is(shellEnvironment({ LC_ALL: 'en_GB.utf8' }, about).LC_ALL, 'en_GB.utf8');
});

test('shell-environment: without a terminfo entry for tmux, uses screen', (t) => {
  const missing = { ...about, exists: (path: string) => !path.includes('tmux') };
  t.is(shellEnvironment({}, missing).TERM, 'screen-256color');
  const own = { ...about, exists: (path: string) => path === '/own/t/tmux-256color' };
  t.is(shellEnvironment({ TERMINFO: '/own' }, own).TERM, 'tmux-256color');
});

test('shell-environment: an attached client gets only variables for drawing', (t) => {
  const { PATH, ...rest } = attachEnvironment({ LANG: 'C.UTF-8', SECRET: 'x' });
  t.deepEqual(rest, { LANG: 'C.UTF-8', TERM: 'xterm-256color', COLORTERM: 'truecolor' });
  t.truthy(PATH);
});
