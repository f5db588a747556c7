// The relay with everything real behind it: the shell, the tickets, and a webserver that dies.

import test from 'ava';
import { io } from 'socket.io-client';
import { browserParser } from '../../../common/output-frames.ts';
import { paths } from '../../../common/terminals-api.ts';
import { openBrowser, typeText, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { createVisitor, openTerminal, poolIsReady, startOnMachine, type TestSystem } from '../../helpers/system.ts';

const env = { webserver: { WARMTERM_RELAY: 'always' } };

/** Knocks at the relay with a cookie and a ticket: `attached`, or why not. */
function knock({ pageUrl }: TestSystem, cookie: string, ticket: string): Promise<string> {
  const socket = io(pageUrl, {
    path: paths.relay,
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    forceNew: true,
    extraHeaders: { cookie, origin: new URL(pageUrl).origin },
    auth: { ticket, size: { cols: 80, rows: 24 } },
  });
  return new Promise<string>((resolve) => {
    socket.once('attached', () => resolve('attached'));
    socket.once('connect_error', (error) => {
      resolve((error as Error & { data?: { code: string } }).data?.code ?? error.message);
    });
  }).finally(() => socket.close());
}

test.serial(
  'inv 2, 9: by the relay, a reload and a webserver that is killed lead back to the same shell',
  async (t) => {
    const system = await startOnMachine(t, { env });
    const { page } = await openTerminal(system, await openBrowser(t));
    const sockets: string[] = [];
    page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host));
    await typeText(page, 'answer=$((6 * 7)); echo it is $answer\n');
    await waitForScreen(page, /^it is 42$/m);

    await page.reload();
    await waitForState(page, 'connected');
    await typeText(page, 'clear; echo still $answer\n');
    await waitForScreen(page, /^still 42$/m);

    await typeText(page, 'clear; (sleep 0.5; echo job done) &\n');
    const before = sockets.length;
    system.webserver.kill('SIGKILL');
    await waitForState(page, 'reconnecting');
    await waitForState(page, 'connected');
    await waitForScreen(page, /job done$/m);
    await typeText(page, 'clear; echo and again $answer\n');
    await waitForScreen(page, /^and again 42$/m);
    t.true(sockets.length > before);
    t.deepEqual([...new Set(sockets)], [new URL(system.pageUrl).host], 'nothing went past the relay');
  },
);

test.serial('SIGTERM: the webserver goes at once, and its pages come back by the next one', async (t) => {
  const system = await startOnMachine(t, { env });
  const { page } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'answer=42\n');
  const stopped = system.webserver.stop();
  await waitForState(page, 'reconnecting');
  await stopped;
  system.webserver.start();
  await waitForState(page, 'connected', 20_000);
  await typeText(page, 'clear; echo still $answer\n');
  t.regex(await waitForScreen(page, /^still \d/m), /^still 42$/m);
});

test.serial('inv 8: the relay leads a visitor to no terminal but their own, and only with a good ticket', async (t) => {
  const system = await startOnMachine(t, { env, replicas: 2, settings: { spare: '2', max: '4' } });
  await poolIsReady(system, 2);
  const [ann, bob] = [createVisitor(system), createVisitor(system)];
  const anns = await ann.claim();
  const bobs = await bob.claim();

  t.is(await knock(system, ann.cookie(), anns.ticket), 'attached');
  t.is(await knock(system, ann.cookie(), anns.ticket), 'invalid-ticket', 'used before');
  const [header, payload] = bobs.ticket.split('.');
  const forged = `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`;
  t.is(await knock(system, bob.cookie(), forged), 'invalid-ticket', 'forged');
  // Ann's cookie leads to Ann's pod, where Bob's ticket is worth nothing; and the other way round.
  t.is(await knock(system, ann.cookie(), bobs.ticket), 'invalid-ticket', 'meant for another pod');
  t.is(await knock(system, bob.cookie(), (await ann.claim()).ticket), 'invalid-ticket', 'a ticket that was stolen');
  t.is(await knock(system, '', (await ann.claim()).ticket), 'websocket error', 'a ticket, and no terminal');
  t.is(await knock(system, bob.cookie(), bobs.ticket), 'attached', 'none of that has used up the good one');
});
