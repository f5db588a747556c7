// The unit of limits by address: an IPv4 address, or an IPv6 /64, which is what a household or phone gets. Pure.

import { isIPv6 } from 'node:net';

/** The network of a client address: `192.0.2.1` (also for `::ffff:192.0.2.1`), `2001:db8:1:2::/64`. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return address;
  const [left = '', right] = plain.split('::');
  const head = groups(left);
  const tail = groups(right ?? '');
  const missing = right === undefined ? 0 : 8 - head.length - tail.length;
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

// A dotted tail (`64:ff9b::192.0.2.1`) fills two groups. Their value does not matter: they are outside the /64.
const groups = (text: string) =>
  text === '' ? [] : text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
