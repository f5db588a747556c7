// The internet for pods that have a network of their own: slirp4netns makes their connections for them. Routing rules inside the network
// allow public addresses only: never this machine, its network, or a metadata service. The rules are set before the visitor's first
// process, which cannot change them. https://github.com/rootless-containers/slirp4netns

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';

// The gateway of slirp4netns's network.
const gateway = '10.0.2.2';
/** The name server of slirp4netns's network. */
export const nameServer = '10.0.2.3';

// Special ranges, ranges that are used as private ones, and the metadata service of Azure.
// https://www.iana.org/assignments/iana-ipv4-special-registry
const privateRanges = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * Commands for `ip -batch` that allow public addresses and DNS only. Of the name server only the DNS port is allowed: slirp4netns may
 * forward other ports to the machine's name server, which may be this machine. There is no IPv6.
 */
export function routingRules(interfaces = networkInterfaces()): string {
  // This machine may have public addresses too, and neighbours that trust it.
  const own = Object.values(interfaces).flatMap((all = []) =>
    all.flatMap(({ family, cidr }) => (family === 'IPv4' && cidr ? [cidr] : [])),
  );
  // The loopback stays: it is the loopback of the pod's own network.
  const refused = [...new Set([...privateRanges, ...own])].filter((range) => !range.startsWith('127.'));
  const protocols = ['udp', 'tcp'];
  return [
    'link set lo up',
    ...protocols.map((protocol) => `rule add pref 10 to ${nameServer} ipproto ${protocol} dport 53 lookup main`),
    // The kernel looks up the gateway when slirp4netns sets the route. Connections to it are refused below.
    `rule add pref 10 to ${gateway} oif tap0 lookup main`,
    ...refused.map((range) => `rule add pref 20 to ${range} prohibit`),
    // Rules do not apply to a socket that is bound to tap0 (SO_BINDTODEVICE). Policies do.
    ...protocols.map(
      (protocol) => `xfrm policy add dst ${nameServer}/32 proto ${protocol} dport 53 dir out priority 10 action allow`,
    ),
    ...refused.map((range) => `xfrm policy add dst ${range} dir out priority 20 action block`),
    '',
  ].join('\n');
}

/** A prefix for a command: sets the rules, then runs the command. It needs the right to set rules. */
export const withRules = (): string[] => [
  ...['/bin/sh', '-c'],
  `printf '${routingRules().replaceAll('\n', '\\n')}' | ip -batch - && exec "$0" "$@"`,
];

/** Why pods cannot have the internet here; undefined when they can. */
export async function whyNoInternet(): Promise<string | undefined> {
  for (const program of ['slirp4netns', 'ip']) {
    const found = await promisify(execFile)(program, program === 'ip' ? ['-V'] : ['--version']).catch(() => undefined);
    if (!found) return program === 'ip' ? 'ip (iproute2) is not installed' : 'slirp4netns is not installed';
  }
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return 'this user may not use /dev/net/tun';
  }
  return undefined;
}

/** Connects the network of process `pid` to the internet, until the result is called or this process ends. */
export function startInternet(pid: number): () => void {
  const options = ['--configure', '--mtu=65520', '--disable-host-loopback', '--enable-sandbox', '--enable-seccomp'];
  // slirp4netns ends when the other end of descriptor 3 is closed.
  const child: ChildProcess = spawn('slirp4netns', [...options, '--exit-fd=3', String(pid), 'tap0'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  child.on('error', () => {});
  child.stdio[3]?.on('error', () => {});
  child.unref();
  return () => child.stdio[3]?.destroy();
}
