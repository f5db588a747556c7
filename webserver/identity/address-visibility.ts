// Detects whether this webserver sees the visitors' addresses. Behind an untrusted proxy, or a Service that rewrites addresses, all visitors
// share one address and its limits. Only the requests themselves can show that.

import { BlockList, isIP } from 'node:net';
import type { Request } from 'express';
import type { Logger } from '../../common/log.ts';

export type AddressVisibility = {
  /** Call it for each request for a terminal. */
  observe(request: Pick<Request, 'ip' | 'get' | 'socket'>, visitor: string): void;
  /** The problem as a sentence, or undefined. If addresses are visitors, it concerns every pool. */
  problem(): string | undefined;
  areVisitors: boolean;
};

// A visitor may send the header too, so one such request from a private address proves no proxy.
const minForwarded = 3;
// This many visitors from this few addresses, all private: a proxy, a node, or a room behind one router.
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
  let reported = false;

  function problem(): string | undefined {
    if (areVisitors && proxy !== '') {
      return `All visitors behind ${proxy} share one terminal: it sends X-Forwarded-For but is not trusted. Set webserver.trustProxy (WARMTERM_TRUST_PROXY).`;
    }
    if (forwarded >= minForwarded) {
      return `All visitors behind ${proxy} share the limits of one address: it is a proxy that is not trusted. Set webserver.trustProxy (WARMTERM_TRUST_PROXY).`;
    }
    if (anyPublic || visitors.size < minVisitors || addresses.size > maxAddresses) return undefined;
    const seen = [...addresses].join(', ');
    return `All visitors seem to come from ${seen}. If that is a proxy or a node, they share the limits of one address: set webserver.trustProxy, or externalTrafficPolicy: Local. If they are in one network, raise the limits.`;
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
      // Loopback addresses belong to people who try it on their own machine.
      if (!holds(loopback, address) && visitors.size < minVisitors) visitors.add(visitor);
      if (addresses.size <= maxAddresses) addresses.add(address);
      if (reported) return;
      const found = problem();
      reported = found !== undefined;
      if (found !== undefined) log.warn(found);
    },
    problem,
    areVisitors,
  };
}

/** IPv4 addresses in their own notation, even if a dual-stack socket writes them as IPv6. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');

function holds(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
