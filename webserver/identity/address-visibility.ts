// Whether this webserver sees where visitors come from. Behind a proxy that it does not trust, or a Service that rewrites addresses,
// it sees the proxy's or a node's: all visitors then share the limits of one address. Nothing but what arrives can tell.

import { BlockList, isIP } from 'node:net';
import type { Request } from 'express';
import type { Logger } from '../../common/log.ts';

export type AddressVisibility = {
  /** To be called with each request for a terminal. */
  observe(request: Pick<Request, 'ip' | 'get' | 'socket'>, visitor: string): void;
  /** The problem as a sentence; undefined while there is none. It is one of every pool where addresses are visitors. */
  problem(): string | undefined;
  areVisitors: boolean;
};

// A visitor may send the header too: one such request from a private address is no proxy yet.
const minForwarded = 3;
// So many visitors from so few addresses, all of them private, are a proxy, a node, or a room behind one router.
const minVisitors = 10;
const maxAddresses = 3;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');
const privateRanges = new BlockList();
for (const [address, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  privateRanges.addSubnet(address, prefix);
}
privateRanges.addSubnet('fc00::', 7, 'ipv6');
privateRanges.addSubnet('fe80::', 10, 'ipv6');
privateRanges.addAddress('::1', 'ipv6');

/** `areVisitors`: an address is a visitor (WARMTERM_IDENTITY=address). */
export function watchAddresses(log: Logger, { areVisitors }: { areVisitors: boolean }): AddressVisibility {
  const visitors = new Set<string>();
  const addresses = new Set<string>();
  let forwarded = 0;
  let proxy = '';
  let anyPublic = false;
  let told = false;

  function problem(): string | undefined {
    if (areVisitors && proxy !== '') {
      return `All visitors behind ${proxy} share one terminal: it sends X-Forwarded-For, and is not trusted. Set webserver.trustProxy (WARMTERM_TRUST_PROXY).`;
    }
    if (forwarded >= minForwarded) {
      return `Limits of addresses count the visitors behind ${proxy} as one: it is a proxy that is not trusted. Set webserver.trustProxy (WARMTERM_TRUST_PROXY).`;
    }
    if (anyPublic || visitors.size < minVisitors || addresses.size > maxAddresses) return undefined;
    const seen = [...addresses].join(', ');
    return `All visitors seem to come from ${seen}. If that is a proxy or a node, limits of addresses count them as one: set webserver.trustProxy, or externalTrafficPolicy: Local. If they share a network, lift the limits.`;
  }

  return {
    observe(request, visitor) {
      const address = plain(request.ip ?? '');
      const peer = plain(request.socket.remoteAddress ?? '');
      const isForwarded = request.get('x-forwarded-for') !== undefined || request.get('forwarded') !== undefined;
      if (isForwarded && address === peer && (areVisitors || holds(privateRanges, peer))) {
        forwarded++;
        proxy = peer;
      }
      if (!holds(privateRanges, address)) anyPublic = true;
      // Of loopback are those who try it on their own machine.
      if (!holds(loopback, address) && visitors.size < minVisitors) visitors.add(visitor);
      if (addresses.size <= maxAddresses) addresses.add(address);
      if (told) return;
      const found = problem();
      told = found !== undefined;
      if (found !== undefined) log.warn(found);
    },
    problem,
    areVisitors,
  };
}

/** IPv4 addresses as such, also where a socket of both families writes them as IPv6. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

function holds(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
