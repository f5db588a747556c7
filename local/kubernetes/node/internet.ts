// The internet for pods that have a network of their own: slirp4netns carries their connections out, as connections of its
// own. What they may reach is decided by rules of routing inside, made before the visitor's first process and out of its
// reach: never this machine, its network, or a metadata service. https://github.com/rootless-containers/slirp4netns

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';

// Of slirp4netns's network.
const gateway = '10.0.2.2';
/** What answers DNS in slirp4netns's network. */
export const nameServer = '10.0.2.3';

// https://www.iana.org/assignments/iana-ipv4-special-registry, what is used as private nonetheless, and Azure's metadata.
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
 * Commands for `ip -batch` by which only public addresses can be reached, and DNS. The name server by its port only:
 * slirp4netns may forward others to the machine's name server, which may be this machine. There is no IPv6.
 */
export function routingRules(interfaces = networkInterfaces()): string {
  // A machine may have public addresses too, and neighbours that trust it.
  const own = Object.values(interfaces).flatMap((all = []) =>
    all.flatMap(({ family, cidr }) => (family === 'IPv4' && cidr ? [cidr] : [])),
  );
  // The loopback of the network itself stays, and leads nowhere else.
  const refused = [...new Set([...privateRanges, ...own])].filter((range) => !range.startsWith('127.'));
  const protocols = ['udp', 'tcp'];
  return [
    'link set lo up',
    ...protocols.map((protocol) => `rule add pref 10 to ${nameServer} ipproto ${protocol} dport 53 lookup main`),
    // The kernel looks up the gateway when slirp4netns sets the route. Connections to it are refused below.
    `rule add pref 10 to ${gateway} oif tap0 lookup main`,
    ...refused.map((range) => `rule add pref 20 to ${range} prohibit`),
    // A socket that is bound to tap0 is routed whatever the rules say (SO_BINDTODEVICE). Policies hold for it too.
    ...protocols.map(
      (protocol) => `xfrm policy add dst ${nameServer}/32 proto ${protocol} dport 53 dir out priority 10 action allow`,
    ),
    ...refused.map((range) => `xfrm policy add dst ${range} dir out priority 20 action block`),
    '',
  ].join('\n');
}

/** What goes before a command that runs only once the network has the rules. It needs the right to make them. */
export const withRules = (): string[] => [
  ...['/bin/sh', '-c'],
  `printf '${routingRules().replaceAll('\n', '\\n')}' | ip -batch - && exec "$0" "$@"`,
];

/** Why terminals can have no internet; undefined where they can. */
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

/** Carries the connections of the network of process `pid`, until the result is called, or until this process is gone. */
export function startInternet(pid: number): () => void {
  const options = ['--configure', '--mtu=65520', '--disable-host-loopback', '--enable-sandbox', '--enable-seccomp'];
  // It ends when descriptor 3 is closed at the other end.
  const child: ChildProcess = spawn('slirp4netns', [...options, '--exit-fd=3', String(pid), 'tap0'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  child.on('error', () => {});
  child.stdio[3]?.on('error', () => {});
  child.unref();
  return () => child.stdio[3]?.destroy();
}
