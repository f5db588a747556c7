// The socket protocol against malformed packets and handshakes: 2,000 in `npm test`, 100,000 in `npm run test:long`.

import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'ava';
import WebSocket from 'ws';
import { createRandom, makeHandshake, makePacket, type Random } from '../helpers/fuzz-packets.ts';
import { budget, seedOf } from '../helpers/long.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { processesNaming } from '../helpers/terminal-leftovers.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

const count = budget({ short: 2_000, long: 100_000 });
const atOnce = 8;
const packetsOfOne = 25;

test(`inv 10: fuzz: ${count} malformed packets and handshakes crash nothing and leave nothing behind`, async (t) => {
  t.timeout(3_600_000);
  const seed = seedOf(t);
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings: { LOG_LEVEL: 'info' } });
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await owner.sees(prompt);
  // Input that gets through must not be a command to the shell.
  owner.types('stty raw -echo; echo DE""AF; cat > /dev/null\r');
  await owner.sees('DEAF');
  await eventually(
    () => processesNaming(terminal.folder).some(({ command }) => command.startsWith('cat')) || undefined,
  );
  const { port } = new URL(terminal.url);
  const files = () => readdirSync(`/proc/${terminal.pid}/fd`).length;
  const processes = () => processesNaming(terminal.folder).length;
  const memory = (which: 'VmRSS' | 'VmHWM') =>
    Number(new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${terminal.pid}/status`, 'utf8'))?.[1]);
  const before = { files: files(), processes: processes(), memory: memory('VmRSS') };
  const startedAt = Date.now();

  let left = count;
  const worker = async (random: Random) => {
    while (left > 0) {
      const kind = random.below(20);
      const packets = Array.from({ length: Math.min(left, kind < 4 ? 1 : 1 + random.below(packetsOfOne)) }, () =>
        makePacket(random),
      );
      left -= packets.length;
      if (kind < 4) await knock(Number(port), makeHandshake(random));
      else
        await talk(
          terminal.url,
          packets.map(harmless),
          kind < 6 ? await manager.ticket({ role: 'editor' }) : undefined,
        );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, at) => worker(createRandom(seed * 1_000 + at))));
  const seconds = Math.round((Date.now() - startedAt) / 1_000);

  t.deepEqual(terminal.exits.entries, []);
  t.is(terminal.complaints(), '');
  t.deepEqual(
    terminal.logs.entries.filter(({ level }) => Number(level) >= 50),
    [],
  );
  await eventually(() => files() <= before.files || undefined).catch(() => t.is(files(), before.files, 'open files'));
  await eventually(() => processes() <= before.processes || undefined).catch(() => t.is(processes(), before.processes));
  const peak = memory('VmHWM');
  t.log(
    `seed ${seed}, ${seconds} s; RSS ${before.memory} kB before, ${memory('VmRSS')} kB after, ${peak} kB at its peak;`,
  );
  t.log(`files ${before.files} before, ${files()} after; processes ${before.processes} before, ${processes()} after`);
  t.true(peak < 250_000, `peak ${peak} kB`);
  // Another window of the same session, in the same browser.
  owner.types('\x02c');
  await owner.sees(prompt);
  owner.types('echo alive-$((1 + 1))\r');
  await owner.sees('alive-2');
});

/** Sends frames until the socket closes or all are sent. With a ticket, they come from an attached browser. */
function talk(url: string, packets: (string | Buffer)[], ticket: string | undefined): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve) => {
    const say = () => {
      for (const packet of packets) socket.send(packet);
      // The server answers the close after it has read all frames.
      socket.close();
    };
    socket.on('message', (data) => {
      const text = String(data);
      if (text.startsWith('0') && ticket === undefined) say();
      else if (text.startsWith('0')) socket.send(`40${JSON.stringify({ ticket, size: { cols: 80, rows: 24 } })}`);
      else if (text.startsWith('42["attached"')) say();
      else if (text.startsWith('44')) socket.close();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

/** Sends a request, and waits for the answer or the close. */
function knock(port: number, request: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(request));
    socket.on('data', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

// Remove tmux's prefix key: it reaches tmux, and any client with it may end the session.
const harmless = (packet: string | Buffer): string | Buffer =>
  typeof packet === 'string'
    ? packet.replaceAll(/\u0002|\\u0002/g, '')
    : Buffer.from(packet.map((byte) => (byte === 2 ? 3 : byte)));
