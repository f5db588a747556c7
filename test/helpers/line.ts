// A line between a browser and a server that is as bad as told: far away, slow, lossy, or dead without being closed. What is
// lost is sent again, as TCP does it: what comes behind has to wait. Times are real; chance is passed in.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { Teardown } from './webserver-listen.ts';

export type LineOptions = {
  /** Milliseconds that each way takes. */
  delayMs?: number;
  /** The share of packets that are lost, 0 to 1. */
  loss?: number;
  /** Bytes per millisecond, each way. */
  rate?: number;
  /** From 0 to 1. */
  chance?: () => number;
};

/** What a packet holds, and how much a sender has under way before it waits. */
const packetBytes = 1_460;
const bufferBytes = 65_536;

/**
 * What TCP makes of a line on which packets are lost, in bytes per millisecond: Mathis et al., "The macroscopic behavior of
 * the TCP congestion avoidance algorithm", 1997.
 */
export const rateOf = (roundTripMs: number, loss: number): number =>
  (1.22 * packetBytes) / (roundTripMs * Math.sqrt(loss));

/** Listens on a port of its own, and passes everything on to `target`. */
export async function startLine(t: Teardown, target: { host: string; port: number }, options: LineOptions = {}) {
  const { delayMs = 0, loss = 0, rate = Number.POSITIVE_INFINITY, chance = Math.random } = options;
  const sockets = new Set<Socket>();
  let silent = false;
  const waiting = new Set<() => void>();

  // When it arrives, in order: what overtakes nothing has to wait for what is sent again.
  function pass(from: Socket, to: Socket): void {
    let free = 0;
    let last = 0;
    let queued = 0;
    const underWay: { at: number; arrive: () => void }[] = [];
    // One timer for all: timers of their own may fire in another order within a millisecond.
    let timer: NodeJS.Timeout | undefined;
    const deliver = () => {
      timer = undefined;
      if (silent) return void waiting.add(deliver);
      while (underWay.length > 0 && underWay[0]!.at <= performance.now()) underWay.shift()!.arrive();
      if (underWay.length > 0) timer ??= setTimeout(deliver, underWay[0]!.at - performance.now());
    };
    const arriveAt = (at: number, arrive: () => void) => {
      underWay.push({ at, arrive });
      if (underWay.length === 1 && !timer) deliver();
    };
    from.on('data', (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; at += packetBytes) {
        const packet = bytes.subarray(at, at + packetBytes);
        const now = performance.now();
        free = Math.max(free, now) + packet.length / rate;
        let arrives = free + delayMs;
        // Noticed by what comes behind, or by nothing at all.
        while (chance() < loss) arrives += Math.max(200, 2 * delayMs);
        last = Math.max(last, arrives);
        queued += packet.length;
        arriveAt(last, () => {
          queued -= packet.length;
          if (!to.destroyed) to.write(packet);
          if (queued < bufferBytes / 2) from.resume();
        });
      }
      if (queued >= bufferBytes) from.pause();
    });
    from.on('error', () => {});
    from.once('close', () => {
      sockets.delete(from);
      arriveAt(last, () => to.destroy());
    });
  }

  const server = createServer((browser) => {
    const inner = connect(target.port, target.host);
    for (const socket of [browser, inner]) {
      socket.setNoDelay(true);
      sockets.add(socket);
    }
    pass(browser, inner);
    pass(inner, browser);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: '127.0.0.1',
    port,
    url: `http://127.0.0.1:${port}`,
    /** Nothing arrives any more, and nobody is told: a cable that was pulled. */
    silence: () => {
      silent = true;
    },
    /** What is under way arrives after all. */
    restore: () => {
      silent = false;
      for (const run of waiting) run();
      waiting.clear();
    },
  };
}
