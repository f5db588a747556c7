// The relay with a real shell, real tickets, and a webserver that is killed.

import test from 'ava';
import { io } from 'socket.io-client';
import { browserParser } from '../../../common/output-frames.ts';
import { offerTicket } from '../../../common/socket-protocol.ts';
import { paths } from '../../../common/terminals-api.ts';
import { shareBrowser, typeText, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { createVisitor, openTerminal, poolIsReady, shareLocalSystem } from '../../helpers/system.ts';

const browser = shareBrowser(test);
const system = shareLocalSystem(test, {
  replicas: 2,
  settings: { spare: '2', max: '6' },
  env: { webserver: { WARMTERM_RELAY: 'always' } },
});

/** Opens the relay with a ticket: returns `attached`, or the reason of the refusal. */
function knock(ticket: string): Promise<string> {
  const { pageUrl } = system();
  const socket = io(pageUrl, {
    path: paths.relay,
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    forceNew: true,
    extraHeaders: { origin: new URL(pageUrl).origin },
    protocols: offerTicket(ticket),
    auth: { size: { cols: 80, rows: 24 } },
  });
  return new Promise<string>((resolve) => {
    socket.once('attached', () => resolve('attached'));
    socket.once('connect_error', (error) => {
      resolve((error as Error & { data?: { code: string } }).data?.code ?? error.message);
    });
  }).finally(() => socket.close());
}

test.serial('inv 2, 9: relay: a reload or a killed webserver returns to the same shell', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  const sockets: string[] = [];
  page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host));
  await typeText(page, 'answer=$((6 * 7)); echo it is $answer\n');
  await waitForScreen(page, /^it is 42$/m);

  await page.reload();
  await waitForState(page, 'connected');
  await typeText(page, 'clear; echo still $answer\n');
  await waitForScreen(page, /^still 42$/m);

  await typeText(page, 'clear; echo begun; (sleep 0.5; echo job done) &\n');
  // Wait for the echo: killing the webserver loses input that it has not passed on.
  await waitForScreen(page, /^begun$/m);
  const before = sockets.length;
  system().webserver.kill('SIGKILL');
  await waitForState(page, 'reconnecting');
  await waitForState(page, 'connected');
  await waitForScreen(page, /job done$/m);
  await typeText(page, 'clear; echo and again $answer\n');
  await waitForScreen(page, /^and again 42$/m);
  t.true(sockets.length > before);
  t.deepEqual([...new Set(sockets)], [new URL(system().pageUrl).host], 'nothing went past the relay');
});

test.serial('relay: after SIGTERM the webserver exits at once, and pages reconnect through the next', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'answer=$((6 * 7)); echo it is $answer\n');
  // Wait for the echo: a webserver that stops loses input that it has not passed on.
  await waitForScreen(page, /^it is 42$/m);
  const stopped = system().webserver.stop();
  await waitForState(page, 'reconnecting');
  await stopped;
  system().webserver.start();
  await waitForState(page, 'connected', 20_000);
  await typeText(page, 'clear; echo still $answer\n');
  await waitForScreen(page, /^still 42$/m);
  t.pass();
});

test.serial('inv 8: relay: reaches only the visitor’s own terminal, with a valid ticket', async (t) => {
  await poolIsReady(system(), 2);
  const [ann, bob] = [createVisitor(system()), createVisitor(system())];
  const anns = await ann.claim();
  const bobs = await bob.claim();

  t.is(await knock(anns.ticket), 'attached');
  t.is(await knock(anns.ticket), 'invalid-ticket', 'used before');
  const [header, payload] = bobs.ticket.split('.');
  const forged = `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`;
  t.is(await knock(forged), 'websocket error', 'forged');
  await bob.call('DELETE', paths.current);
  t.is(await knock(bobs.ticket), 'websocket error', 'a ticket, and no terminal');
  t.is(await knock((await bob.claim()).ticket), 'attached', 'another terminal');
});
