import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import type { Saving } from '../../common/socket.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

test.serial(
  'before-exit: pages, also late ones, get the hook’s output while it runs, and then its result',
  async (t) => {
    const manager = await startManager(t);
    const command =
      'echo pushing; until [ -e go ]; do sleep 0.02; done; printf "\\033[31m10%%\\r20%%\\033[0m\\n" >&2; exit 3';
    const settings = { WARMTERM_BEFORE_EXIT: command, WARMTERM_BEFORE_EXIT_TIMEOUT: '10m' };
    const terminal = await startTerminal(t, manager, { settings });
    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    await browser.sees(prompt);
    browser.types('exit\r');
    const saving = ({ output }: Saving) => output === 'pushing\n';
    t.is((await browser.saving.next(saving)).reason, 'exit');
    t.deepEqual(browser.ended.entries, []);
    const late = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    await late.saving.next(saving);
    t.deepEqual(late.attached.entries, [], 'there is nothing to attach to');
    writeFileSync(`${terminal.folder}/go`, '');
    for (const { ended, saved } of [browser, late]) {
      t.is(await ended.next(), 'exit');
      t.deepEqual(saved.entries, [{ result: 'failed', exitCode: 3, output: 'pushing\n20%\n' }]);
    }
    await manager.deletes.next();
    const after = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    t.is((await after.refused.next()).code, 'session-not-found');
  },
);

// Serial: while git runs, this process answers no ping, and other tests would lose their connections.
const example = new URL('../../helm/examples/save-git-work.yaml', import.meta.url);

test.serial(
  'before-exit: the example pushes unpushed work to a new branch, and leaves the work unchanged',
  async (t) => {
    const manager = await startManager(t);
    const { beforeExit } = parse(readFileSync(example, 'utf8')).poolDefaults as { beforeExit: string };
    const identity = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    const settings = { WARMTERM_BEFORE_EXIT: beforeExit, WARMTERM_BEFORE_EXIT_TIMEOUT: '10m', ...identity };
    const terminal = await startTerminal(t, manager, { settings });
    const git = (folder: string, ...args: string[]) =>
      execFileSync('git', ['-C', join(terminal.folder, folder), ...args], {
        encoding: 'utf8',
        env: {
          ...process.env,
          ...identity,
          GIT_AUTHOR_NAME: 'V',
          GIT_AUTHOR_EMAIL: 'v@x',
          GIT_COMMITTER_NAME: 'V',
          GIT_COMMITTER_EMAIL: 'v@x',
        },
      });
    for (const name of ['my work', 'clean', 'new']) {
      mkdirSync(join(terminal.folder, name));
      git('.', 'init', '-q', '--bare', `${name}.git`);
      git(name, 'init', '-q', '-b', 'main');
      git(name, 'remote', 'add', 'origin', join(terminal.folder, `${name}.git`));
      writeFileSync(join(terminal.folder, name, 'file'), 'first');
      if (name === 'new') continue;
      git(name, 'add', 'file');
      git(name, 'commit', '-q', '-m', 'first');
      git(name, 'push', '-q', '-u', 'origin', 'main');
    }
    writeFileSync(join(terminal.folder, 'my work', 'file'), 'changed');
    writeFileSync(join(terminal.folder, 'my work', 'untracked'), 'more');
    const status = git('my work', 'status', '--porcelain');

    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    await browser.sees(prompt);
    browser.types('exit\r');
    await browser.ended.next();
    const [saved] = browser.saved.entries;
    t.is(saved?.result, 'saved', JSON.stringify(saved));
    t.regex(saved?.output ?? '', /my work: pushed to saved\/\S+/);
    t.regex(saved?.output ?? '', /clean: nothing to save/);
    const savedBranch = (of: string) =>
      git(`${of}.git`, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/saved').trim();
    t.is(git('my work.git', 'show', `${savedBranch('my work')}:file`), 'changed');
    t.is(git('my work.git', 'show', `${savedBranch('my work')}:untracked`), 'more');
    t.is(git('my work.git', 'show', 'main:file'), 'first');
    t.is(git('new.git', 'show', `${savedBranch('new')}:file`), 'first', 'there need not be a commit yet');
    t.is(savedBranch('clean'), '');
    t.is(git('my work', 'status', '--porcelain'), status);
    t.is(git('my work', 'rev-parse', 'HEAD'), git('my work.git', 'rev-parse', 'main'));
  },
);

test.serial('before-exit: the example reports work that it could not push, and fails', async (t) => {
  const manager = await startManager(t);
  const { beforeExit } = parse(readFileSync(example, 'utf8')).poolDefaults as { beforeExit: string };
  const settings = { WARMTERM_BEFORE_EXIT: beforeExit, WARMTERM_BEFORE_EXIT_TIMEOUT: '10m' };
  const terminal = await startTerminal(t, manager, { settings });
  const git = (...args: string[]) => execFileSync('git', ['-C', terminal.folder, ...args]);
  git('init', '-q', 'lonely');
  git('init', '-q', 'astray');
  git('-C', 'astray', 'remote', 'add', 'origin', join(terminal.folder, 'nowhere.git'));
  for (const name of ['lonely', 'astray']) writeFileSync(join(terminal.folder, name, 'file'), 'work');
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('exit\r');
  await browser.ended.next();
  const [saved] = browser.saved.entries;
  t.like(saved, { result: 'failed', exitCode: 1 });
  t.regex(saved?.output ?? '', /lonely: NOT SAVED, it has no remote/);
  t.regex(saved?.output ?? '', /astray: NOT SAVED, pushing failed/);
});
