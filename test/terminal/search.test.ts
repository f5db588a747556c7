// Searches the whole history of a terminal, with the real tmux that stores it.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Found, Search } from '../../common/socket.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

// Serial: each test has a server, a tmux and a shell, and waits for their answers on a busy machine.
async function start(t: ExecutionContext, role: 'owner' | 'viewer' = 'owner') {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await owner.sees(prompt);
  const browser = role === 'owner' ? owner : openBrowser(t, terminal.url, { ticket: await manager.ticket({ role }) });
  await browser.sees(prompt);
  const folder = readdirSync(terminal.folder).find((name) => name.startsWith('warmterm-'))!;
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(terminal.folder, folder, 'tmux'), ...args], { encoding: 'utf8' }).trim();
  let runs = 0;
  /** tmux's current line and mode. */
  const at = () => tmux('display-message', '-p', '#{pane_mode}|#{copy_cursor_line}');
  return {
    terminal,
    browser,
    tmux,
    at,
    manager,
    /** Runs a command and waits for the next prompt. */
    run: async (command: string) => {
      // The end of a search redraws the output of the earlier command.
      const mark = `done-${++runs}`;
      browser.types(`clear; ${command}; echo do""ne-${runs}\r`);
      await browser.sees(new RegExp(`^${mark}\\s+${prompt}`, 'm'));
    },
    find: (text: string, move: Search['move'] = 'newest'): Promise<Found | null> =>
      browser.socket.timeout(20_000).emitWithAck('search', { text, move }),
    leave: () => browser.socket.emit('search', null),
  };
}

test.serial('search: finds, counts and shows text in the history', async (t) => {
  const { browser, at, run, find, leave } = await start(t);
  await run("seq -f 'row %g.' 5000");
  t.deepEqual(await find('row 17.'), { total: 1, at: 1 });
  t.is(at(), 'copy-mode|row 17.');
  await browser.sees('row 17.');
  t.deepEqual(await find('row 49'), { total: 111, at: 111 });
  t.is(at(), 'copy-mode|row 4999.');
  t.deepEqual(await find('nothing of the kind'), { total: 0, at: 0 });
  t.is(at(), '|');
  t.deepEqual(await find('ROW 17.'), { total: 0, at: 0 });
  await find('row 17.');
  leave();
  browser.types('echo back-$((1 + 1))\r');
  await browser.sees('back-2');
  t.is(at(), '|');
});

test.serial('search: next and previous move between matches and wrap around', async (t) => {
  const { at, run, find } = await start(t);
  await run("seq -f 'row %g here' 300; echo pin one pin two; seq -f 'row %g' 301 600; echo pin three; seq 50");
  t.deepEqual(await find('pin'), { total: 3, at: 3 });
  t.is(at(), 'copy-mode|pin three');
  const visit = async (move: Search['move']) => [(await find('pin', move))?.at, at().split('|')[1]];
  t.deepEqual(await visit('previous'), [2, 'pin one pin two']);
  t.deepEqual(await visit('previous'), [1, 'pin one pin two']);
  t.deepEqual(await visit('next'), [2, 'pin one pin two']);
  t.deepEqual(await visit('next'), [3, 'pin three']);
  t.deepEqual(await visit('previous'), [2, 'pin one pin two']);
  t.deepEqual(await visit('previous'), [1, 'pin one pin two']);
  t.deepEqual(await visit('previous'), [3, 'pin three']);
  t.deepEqual(await visit('next'), [1, 'pin one pin two']);
});

test.serial('search: continues from the visible position after scrolling', async (t) => {
  const { at, run, find, tmux } = await start(t);
  await run("seq -f 'row %g here' 1000");
  t.deepEqual(await find('here'), { total: 1000, at: 1000 });
  tmux('send-keys', '-X', 'goto-line', '500');
  t.like(await find('here', 'previous'), { total: 1000 });
  const [, line] = /row (\d+) here/.exec(at()) ?? [];
  t.true(Number(line) < 600, at());
  t.deepEqual(await find('here', 'previous'), { total: 1000, at: Number(line) - 1 });
  t.is(at(), `copy-mode|row ${Number(line) - 1} here`);
  tmux('send-keys', '-X', 'cancel');
  t.deepEqual(await find('here', 'previous'), { total: 1000, at: 1000 });
});

test.serial('search: finds a text with any characters literally, also across a wrapped line', async (t) => {
  const { run, find, leave } = await start(t);
  const texts = ['-x;', '$HOME', '#{pid}', '"it\'s"', '\\', '~;', 'a*b', 'für', '漢字', '%if', ';'];
  await run(`printf '%s\\n' ${texts.map((text) => `'${text.replaceAll("'", "'\\''")}'`).join(' ')}`);
  const found = [];
  for (const text of texts) found.push([text, (await find(text))?.at]);
  t.deepEqual(
    found,
    texts.map((text) => [text, text === ';' ? 3 : 1]),
  );
  leave();
  await run(`printf '%076d' 0; echo needle; seq 40`);
  t.deepEqual(await find('0needle'), { total: 1, at: 1 });
});

test.serial('search: searching a full history does not grow the server’s memory', async (t) => {
  const { terminal, browser, find, tmux } = await start(t);
  browser.types(`seq -f 'row %g of what somebody has built, tried and printed' 60000; echo do""ne\r`);
  await browser.sees(/^done/m);
  await eventually(() => Number(tmux('display-message', '-p', '#{history_size}')) > 45_000 || undefined);
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${terminal.pid}/status`, 'utf8'))?.[1]);
  // The first searches allocate memory that later ones reuse.
  for (let at = 0; at < 5; at++) await find(`row 2000${at} `);
  const before = memory();
  for (let at = 0; at < 10; at++) t.deepEqual(await find(`row 3000${at} `), { total: 1, at: 1 });
  t.true(memory() - before < 30_000, `${before} kB before, ${memory()} kB after`);
});

test.serial('inv 10: search: only the latest waiting search runs; an invalid one changes nothing', async (t) => {
  const { browser, at, run, find } = await start(t);
  await run('seq -f row-%g 200');
  const answers = await Promise.all(Array.from({ length: 50 }, (_, number) => find(`row-${number + 100}`)));
  t.deepEqual(answers.at(-1), { total: 1, at: 1 });
  t.true(answers.filter((answer) => answer === null).length >= 45);
  t.is(at(), 'copy-mode|row-149');
  const wrong = [{ text: '' }, { text: 'a\nb', move: 'newest' }, { text: 'x'.repeat(201), move: 'next' }, 'row', 7, []];
  for (const search of wrong) {
    t.is(await browser.socket.timeout(20_000).emitWithAck('search', search as never), null);
  }
  t.is(at(), 'copy-mode|row-149');
  browser.socket.emit('search', { text: 'row-7', move: 'newest' }, 'no function' as never);
  t.deepEqual(await find('row-150'), { total: 1, at: 1 });
});

test.serial(
  'search: a viewer does not scroll other screens; a disconnect during a search returns to the prompt',
  async (t) => {
    const { terminal, manager, browser, at, find } = await start(t, 'viewer');
    t.is(await find('ready'), null);
    t.is(at(), '|');
    const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    await owner.sees(prompt);
    t.deepEqual(await owner.socket.emitWithAck('search', { text: 'ready', move: 'newest' }), { total: 1, at: 1 });
    t.true(at().startsWith('copy-mode|ready>'), at());
    owner.socket.disconnect();
    await eventually(() => at() === '|' || undefined);
    browser.socket.disconnect();
  },
);

test.serial('search: finds output of an endless program, and the next key reaches the program', async (t) => {
  const { browser, find, leave, at } = await start(t);
  browser.types('clear; while :; do echo flood; done\r');
  await browser.sees(/^flood/m);
  const found = await find('flood');
  t.true(found !== null && found.total > 0 && found.at === found.total, JSON.stringify(found));
  t.is(at(), 'copy-mode|flood');
  t.true((await find('flood', 'previous'))?.at === (found?.total ?? 0) - 1);
  leave();
  browser.types('\x03');
  // The program may print one more line before it stops.
  await browser.sees(new RegExp(`\\^C\\s*(?:flood\\s*)*${prompt}`));
  t.is(at(), '|');
});
