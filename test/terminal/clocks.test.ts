// A node whose clock is wrong or changes while the terminal runs: tickets and lifetimes follow the manager's time.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { temporaryDirectory } from '../helpers/system.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

const jumpingClock = new URL('../../soak/jumping-clock.mjs', import.meta.url).href;
const hour = 3_600_000;

/** A terminal whose wall clock is `offset` milliseconds ahead of the manager's; `set` changes the offset. */
async function start(
  t: ExecutionContext,
  offset: number,
  options: { livesMs?: number; idleTimeoutMs?: number; settings?: Record<string, string> } = {},
) {
  const file = join(temporaryDirectory(t), 'clock');
  const set = (ms: number) => writeFileSync(file, String(ms));
  set(offset);
  const manager = await startManager(t, options);
  manager.state.livesMs = options.livesMs;
  const terminal = await startTerminal(t, manager, {
    settings: {
      ...options.settings,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${jumpingClock}`,
      SOAK_CLOCK: file,
      SOAK_PARENT: String(process.pid),
    },
  });
  /** Whether the terminal's wall clock in its last log line is `ms` ahead, within ten seconds. */
  const shows = (ms: number) => {
    const line = terminal.logs.entries.at(-1);
    return Math.abs(Date.parse(String(line?.time)) - Date.now() - ms) < 10_000;
  };
  return { manager, terminal, set, shows };
}

const nowSeconds = () => Math.floor(Date.now() / 1_000);

for (const [what, offset] of [
  ['66 s fast', 66_000],
  ['66 s slow', -66_000],
] as const) {
  test(`inv 6, 8: clocks: on a node that is ${what}, tickets and lifetime follow the manager's time`, async (t) => {
    const { manager, terminal, shows } = await start(t, offset, { livesMs: 4_000 });
    t.true(shows(offset));
    const late = await manager.ticket({ iat: nowSeconds() - 90, exp: nowSeconds() - 30 });
    const refused = await openBrowser(t, terminal.url, { ticket: late }).refused.next();
    t.regex(refused.message, /expired/);

    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    const { connectedAt = '', lastInputAt = '' } = await manager.reports.next();
    for (const at of [connectedAt, lastInputAt]) t.true(Math.abs(Date.parse(at) - Date.now()) < 30_000, at);
    const ending = await browser.endings.next((ending) => ending?.reason === 'lifetime');
    t.true(ending!.inMs > 0 && ending!.inMs <= 4_000, String(ending!.inMs));
    t.is(await browser.ended.next(), 'lifetime');
    t.true(Date.now() >= manager.state.expiresAt! - 100, 'not before');
  });
}

test('inv 8, 9: clocks: adjusting the clock at run time refuses no ticket and ends no session', async (t) => {
  const { manager, terminal, set, shows } = await start(t, 0, { livesMs: 6 * hour });
  const first = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await first.sees(prompt);
  for (const offset of [24 * hour, -24 * hour]) {
    set(offset);
    do {
      const again = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
      await again.sees(prompt);
      again.socket.disconnect();
    } while (!shows(offset));
  }
  await openBrowser(t, terminal.url, { ticket: await manager.ticket() }).sees(prompt);
  first.types('echo alive-$((1 + 1))\r');
  await first.sees('alive-2');
  t.deepEqual([first.ended.entries, terminal.exits.entries], [[], []]);
});

for (const [what, offset] of [
  ['forward', 24 * hour],
  ['back', -24 * hour],
] as const) {
  test(`inv 6: clocks: with activity output, a clock set ${what} does not change when sessions end`, async (t) => {
    // tmux keeps the real clock and records output by it.
    const { manager, terminal, shows } = await start(t, offset, {
      idleTimeoutMs: 3_000,
      settings: { WARMTERM_IDLE_TIMEOUT: '3s', WARMTERM_IDLE_WARNING: '2s', WARMTERM_ACTIVITY: 'output' },
    });
    t.true(shows(offset));
    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    await browser.sees(prompt);
    browser.types('for i in $(seq 30); do sleep 0.2; echo tick-$i; done\r');
    await browser.sees('tick-30');
    t.deepEqual(browser.ended.entries, []);
    t.is(await browser.ended.next(), 'idle');
  });
}
