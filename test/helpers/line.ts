// A simulated line between browser and server: with latency, little bandwidth, packet loss, or dead without a close. Lost
// packets are sent again and delay later ones, as in TCP. Times are real; random numbers are passed in.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { Teardown } from './webserver-listen.ts';

export type LineOptions = {
  /** The latency of each direction in milliseconds. */
  delayMs?: number;
  /** The share of lost packets, 0 to 1. */
  loss?: number;
  /** Bytes per millisecond, in each direction. */
  rate?: number;
  /** From 0 to 1. */
  chance?: () => number;
};

/** The size of a packet, and how many bytes a sender has in flight before it waits. */
const packetBytes = 1_460;
const bufferBytes = 65_536;

/**
 * The throughput of TCP on a line with packet loss, in bytes per millisecond: Mathis et al., "The macroscopic behavior of
 * the TCP congestion avoidance algorithm", 1997.
 */
export const rateOf = (roundTripMs: number, loss: number): number =>
  (1.22 * packetBytes) / (roundTripMs * Math.sqrt(loss));

/** Listens on its own port, and forwards everything to `target`. */
export async function startLine(t: Teardown, target: { host: string; port: number }, options: LineOptions = {}) {
  const { delayMs = 0, loss = 0, rate = Number.POSITIVE_INFINITY, chance = Math.random } = options;
  const sockets = new Set<Socket>();
  let silent = false;
  const waiting = new Set<() => void>();

  // Arrival times in order: later packets wait for those that are sent again.
  function pass(from: Socket, to: Socket): void {
    let free = 0;
    let last = 0;
    let queued = 0;
    const underWay: { at: number; arrive: () => void }[] = [];
    // One timer for all, because separate timers may fire in another order within a millisecond.
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
        // Later packets reveal the loss; after the last packet only a timeout does.
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
    /** Delivers nothing and closes nothing, like an unplugged cable. */
    silence: () => {
      silent = true;
    },
    /** Delivers what is in flight. */
    restore: () => {
      silent = false;
      for (const run of waiting) run();
      waiting.clear();
    },
  };
}
