// A shared terminal with real sockets, a real tmux and a real shell.

import test, { type ExecutionContext } from 'ava';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

const guest = { vera: { id: 'vera', name: 'Vera' }, edo: { id: 'edo', name: 'Edo' } };

async function start(t: ExecutionContext, settings: Record<string, string> = {}) {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings });
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket(), size: { cols: 100, rows: 30 } });
  await owner.sees(prompt);
  const join = async (role: 'viewer' | 'editor', who: { id: string; name: string }, size = { cols: 60, rows: 20 }) => {
    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket({ role, guest: who }), size });
    await browser.sees(prompt);
    return browser;
  };
  return { manager, terminal, owner, join };
}

const has = (id: string) => (people: { id: string; pen: boolean }[]) => people.some((one) => one.id === id && one.pen);

test('sharing: every browser gets the list of persons, and the owner learns when the last guest leaves', async (t) => {
  const { owner, join } = await start(t);
  t.deepEqual(owner.people.entries, []);
  const viewer = await join('viewer', guest.vera);
  const there = [
    { id: 'owner', role: 'owner', pen: true, asks: false, typing: false },
    { id: 'vera', name: 'Vera', role: 'viewer', pen: false, asks: false, typing: false },
  ];
  t.deepEqual(await owner.people.next(), there);
  t.deepEqual(await viewer.people.next(), there);
  viewer.socket.disconnect();
  t.is((await owner.people.next((people) => people.length === 1))[0]?.id, 'owner');
});

test('sharing: a viewer sends no input, resize, search or answer, and is no activity', async (t) => {
  const { manager, owner, join } = await start(t);
  const before = (await manager.reports.next(({ lastInputAt }) => lastInputAt !== undefined)).lastInputAt;
  const viewer = await join('viewer', guest.vera);
  await manager.reports.next(({ connections, lastInputAt }) => connections === 2 && lastInputAt === before);
  viewer.types('echo intruder\r');
  viewer.types('\x1b[?1;2c');
  viewer.resizes({ cols: 40, rows: 10 });
  t.is(await new Promise((resolve) => viewer.socket.emit('search', { text: 'ready', move: 'newest' }, resolve)), null);
  owner.types('stty size; echo owner-$((3 + 3))\r');
  await viewer.sees('owner-6');
  await owner.sees(/30 100[\s\S]*owner-6/);
  t.notRegex(owner.text(), /intruder|1;2c/);
});

test('sharing: a guest shows the owner’s whole screen in a window of any size', async (t) => {
  const { owner, join } = await start(t);
  const viewer = await join('viewer', guest.vera);
  t.deepEqual(await viewer.follows.next(), { cols: 100, rows: 30 });
  owner.resizes({ cols: 120, rows: 35 });
  await viewer.follows.next((size) => size?.cols === 120 && size.rows === 35);
  owner.types('until [ "$(stty size)" = "35 120" ]; do :; done; echo size-"$(stty size)"\r');
  await owner.sees('size-35 120');
  t.deepEqual(owner.follows.entries, []);
});

test('sharing: the pen carries input and size to a viewer and back', async (t) => {
  const { owner, join } = await start(t);
  const viewer = await join('viewer', guest.vera);
  t.true(await viewer.asksPen('ask'));
  await owner.people.next((people) => people.some(({ id, asks }) => id === 'vera' && asks));
  viewer.types('echo early\r');
  t.true(await owner.asksPen('give', 'vera'));
  await viewer.people.next(has('vera'));
  viewer.types('until [ "$(stty size)" = "20 60" ]; do :; done; echo size-"$(stty size)"\r');
  await owner.sees('size-20 60');
  await owner.follows.next((size) => size?.cols === 60 && size.rows === 20);
  owner.types('until [ "$(stty size)" = "30 100" ]; do :; done; echo back-"$(stty size)"\r');
  await owner.sees('back-30 100');
  await owner.follows.next((size) => size === null);
  await viewer.people.next(has('owner'));
  viewer.types('echo late\r');
  owner.types('echo last-$((1 + 1))\r');
  await owner.sees('last-2');
  t.notRegex(owner.text(), /early|late/);
});

test('sharing: the focus of the owner does not take the pen back', async (t) => {
  const { owner, join } = await start(t);
  const editor = await join('editor', guest.edo);
  t.true(await editor.asksPen('ask'));
  await owner.people.next(has('edo'));
  owner.types('\x1b[I');
  t.true(await owner.asksPen('return'));
  editor.types('echo still-$((1 + 1))\r');
  await owner.sees('still-2');
});

test('sharing: two tabs of the owner share the pen', async (t) => {
  const { owner, manager, terminal, join } = await start(t);
  const tab = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await tab.sees(prompt);
  await join('viewer', guest.vera);
  tab.types('echo tab-$((1 + 1))\r');
  await owner.sees('tab-2');
  owner.types('echo owner-$((2 + 2))\r');
  await tab.sees('owner-4');
  t.is((await owner.people.next()).length, 2);
});

test('sharing: the owner removes a guest at once, in all of their tabs', async (t) => {
  const { manager, terminal, owner, join } = await start(t);
  const tabs = [await join('editor', guest.edo), await join('editor', guest.edo)];
  t.true(await tabs[0]!.asksPen('ask'));
  t.false(await tabs[0]!.asksPen('remove', 'edo'));
  t.true(await owner.asksPen('remove', 'edo'));
  for (const tab of tabs) {
    await tab.removed.next();
    await tab.closed.next();
  }
  await owner.people.next((people) => people.length === 1);
  const ticket = await manager.ticket({ role: 'editor', guest: guest.edo });
  const again = openBrowser(t, terminal.url, { ticket });
  await again.removed.next();
  await again.closed.next();
  owner.types('echo mine-$((1 + 1))\r');
  await owner.sees('mine-2');
});

test('sharing: garbage for the pen changes nothing', async (t) => {
  const { owner, join } = await start(t);
  const viewer = await join('viewer', guest.vera);
  for (const request of [
    null,
    7,
    'give',
    {},
    { action: 'give' },
    { action: 'own', person: 'vera' },
    { action: 'give', person: [] },
  ]) {
    t.false(await new Promise((resolve) => viewer.socket.emit('pen', request as never, resolve)));
  }
  t.false(await viewer.asksPen('give', 'vera'));
  viewer.types('echo intruder\r');
  owner.types('echo owner-$((1 + 1))\r');
  await owner.sees('owner-2');
  t.notRegex(owner.text(), /intruder/);
});

test('sharing: a slow guest does not slow the owner, and gets the present screen', async (t) => {
  const { manager, terminal, owner } = await start(t);
  const ticket = await manager.ticket({ role: 'viewer', guest: guest.vera });
  const slow = openBrowser(t, terminal.url, { ticket, acknowledges: false });
  await slow.sees(prompt);
  owner.types('seq 1 200000; echo flood-$((1 + 1))\r');
  await owner.sees('flood-2', 30_000);
  const arrived = slow.bytes();
  t.true(arrived < 2_000_000, `${arrived} bytes`);
  slow.socket.emit('acknowledge', arrived);
  slow.socket.on('output', ({ length }: Uint8Array) => slow.socket.emit('acknowledge', length));
  await slow.sees('flood-2');
});
