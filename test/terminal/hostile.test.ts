import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { maxInputLength } from '../../common/socket.ts';
import { flowLimits } from '../../terminal/stream/flow-control.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

/** A raw WebSocket at the terminal's socket.io, on which the test chooses every frame. */
async function rawSocket(url: string): Promise<WebSocket> {
  const { default: WebSocketClient } = await import('ws');
  const socket = new WebSocketClient(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  await new Promise((resolve, reject) => {
    socket.once('message', resolve);
    socket.once('error', reject);
  });
  return socket as unknown as WebSocket;
}

const closed = (socket: WebSocket) =>
  new Promise<void>((resolve) => socket.addEventListener('close', () => resolve(), { once: true }));

test('inv 10: hostile: garbage frames close only their own socket', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await owner.sees(prompt);
  const frames: (string | Uint8Array)[] = [
    'x',
    '4',
    '49',
    '42["input","before any connect"]',
    '40{"ticket":',
    `40${'['.repeat(100_000)}`,
    '451-["input",{"_placeholder":true,"num":0}]',
    '4599999999-["input"]',
    '42["error"]',
    '42["disconnect"]',
    new Uint8Array(100),
    'x'.repeat(maxInputLength * 7),
  ];
  for (const frame of frames) {
    const socket = await rawSocket(terminal.url);
    const end = closed(socket);
    socket.send(frame);
    socket.send('41');
    socket.send('1');
    await end;
  }
  owner.types('echo alive-$((1 + 1))\r');
  await owner.sees('alive-2');
  t.deepEqual(terminal.exits.entries, []);
  t.deepEqual(
    terminal.logs.entries.filter(({ level }) => Number(level) >= 50),
    [],
  );
});

test('inv 10: hostile: garbage from an attached browser changes nothing', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  const emit = (event: string, ...values: unknown[]) =>
    (browser.socket as unknown as { emit: (event: string, ...values: unknown[]) => void }).emit(event, ...values);
  const things = [undefined, null, true, 7, -1, Number.NaN, 1e300, '', [], {}, { cols: -1, rows: 1e9 }, [['a']]];
  for (const event of ['input', 'resize', 'acknowledge', 'window', 'attached', 'nonsense']) {
    for (const thing of things) emit(event, thing);
    emit(event);
    // Ctrl-U, not Ctrl-C: the signal would discard input typed right after it.
    emit(event, 'a\x15', 'b', 'c', () => {});
  }
  emit('input', 'z'.repeat(maxInputLength + 1));
  emit('input', new Uint8Array(maxInputLength + 1));
  emit('input', { deep: { binary: new Uint8Array(3) } });
  emit('input', Buffer.from('echo binary-$((2 + 2))\r'));
  await browser.sees('binary-4');
  browser.types('stty size; echo typed-$((3 + 3))\r');
  await browser.sees(/24 80[\s\S]*typed-6/);
  t.deepEqual(
    terminal.logs.entries.filter(({ level }) => Number(level) >= 40),
    [],
  );
});

test('inv 10: hostile: garbage over HTTP gets an answer or a closed connection', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const { port } = new URL(terminal.url);
  const requests = [
    '\0\0\0\0\r\n\r\n',
    'GET\r\n\r\n',
    `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    'GET http://[::bad/healthz HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
  ];
  for (const request of requests) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(request));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });
  }
  t.is(await terminal.check('/healthz'), 200);
});

test('hostile: a browser that never acknowledges costs bounded memory and delays no other', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const deaf = openBrowser(t, terminal.url, { ticket: await manager.ticket(), acknowledges: false });
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await Promise.all([deaf.sees(prompt), owner.sees(prompt)]);
  // Print a screen at a time until enough has arrived: tmux thins out a flood, most of all on a busy machine.
  const loop = `i=$((i + 1)); printf '\\033[H%01900d' $i; sleep 0.001`;
  owner.types(`until [ -e ~/enough ]; do ${loop}; done; clear; echo EN""D\r`);
  while (deaf.bytes() < flowLimits.start)
    await new Promise<void>((resolve) => deaf.socket.once('output', () => resolve()));
  writeFileSync(join(terminal.folder, 'enough'), '');
  await owner.sees('END', 45_000);
  const bytes = deaf.bytes();
  t.true(bytes >= flowLimits.start && bytes < flowLimits.start + 140_000, `${bytes} bytes unacknowledged`);
  owner.types('echo echoed-$((4 + 4))\r');
  await owner.sees('echoed-8');
  t.is(deaf.bytes(), bytes, 'it gets nothing more');
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${terminal.pid}/status`, 'utf8'))?.[1]);
  t.log(`peak ${peak} kB RSS`);
  t.true(peak < 250_000, `peak ${peak} kB`);
  for (const nonsense of [Number.NaN, -5, '600000', Number.POSITIVE_INFINITY])
    deaf.socket.emit('acknowledge', nonsense as number);
  // Acknowledge everything at last: the rest arrives redrawn.
  deaf.socket.emit('acknowledge', bytes);
  await deaf.sees('echoed-8');
});
