// A bubblewrap sandbox for each container, with files, processes and, if the pod supports it, a network of its own. Nothing in it runs
// as root of this machine. https://github.com/containers/bubblewrap

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { whyNoInternet, withRules } from './internet.ts';
import {
  hardenedProc,
  isOccupied,
  isSystemPath,
  nodeFiles,
  parents,
  readOnly,
  systemFolders,
} from './system-folders.ts';
import { createUsers, type Users } from './unprivileged-users.ts';
import type { Mount } from './volumes.ts';

export type Wrapped = { command: string[]; places: { from: string; to: string }[] };
export type Box = {
  command: string[];
  hostname: string;
  /** The pod's user of `users`, if there are any. */
  user: number | undefined;
  /** The network that it gets. */
  network: Sandbox['network'];
  /** Directories that become /home/visitor, /tmp, and files of /etc inside. */
  home: string;
  temporary: string;
  etc: string;
  mounts: Mount[];
};
/** The command line that runs a container's command in a sandbox. `relocated` is told where mounts are at another path. */
export type Wrap = (
  box: Box,
  relocated: (places: Wrapped['places']) => { command: string[]; workingDirectory: string },
) => string[];

export type Sandbox = {
  wrap: Wrap;
  /** The users of pods when this process is root. Otherwise this process's own user runs everything. */
  users: Users | undefined;
  /** What a pod's own network can reach: the internet, or nothing. `machine`: pods can only have the network of this machine. */
  network: 'internet' | 'nothing' | 'machine';
  /** Why pods cannot have the internet. */
  whyNoInternet?: string | undefined;
};

export const homeInside = '/home/visitor';
/** The user id inside, when this process's own user runs everything. */
export const userInside = 1_000;
const volumesInside = '/run/volumes';

/** The sandbox of this machine; or `why` there is none: bubblewrap is missing or does not work here. */
export async function findSandbox({ internet = true } = {}): Promise<{ sandbox: Sandbox } | { why: string }> {
  const isRoot = process.getuid?.() === 0;
  const users = isRoot ? createUsers(Math.random) : undefined;
  if (isRoot && !users) return { why: 'this root may not become an unprivileged user: its user namespace has too few' };
  const shown = [...systemFolders(), ...nodeFiles().flatMap(readOnly)];
  const user = users?.take();
  const found = (network: Sandbox['network'], missing?: string) => {
    const wrapThis: Wrap = (box, relocated) => wrap(shown, box, relocated);
    return { sandbox: { users, network, whyNoInternet: missing, wrap: wrapThis } };
  };
  try {
    let missing = internet ? await whyNoInternet() : 'it is switched off';
    if (missing === undefined) {
      missing = await whyNot(shown, user, 'internet');
      if (missing === undefined) return found('internet');
    }
    const why = await whyNot(shown, user, 'nothing');
    if (why === undefined) return found('nothing', missing);
    // Some machines allow all namespaces but network namespaces.
    return (await whyNot(shown, user, 'machine')) === undefined ? found('machine', missing) : { why };
  } finally {
    if (user !== undefined) users?.release(user);
  }
}

/** Tries a sandbox like that of a pod. Undefined when it works, else why not. */
async function whyNot(
  shown: string[],
  user: number | undefined,
  network: Sandbox['network'],
): Promise<string | undefined> {
  const [file = '', ...args] = [
    ...bubblewrap({ hostname: 'probe', user, network }),
    ...base(shown),
    ...['--', ...becoming(user, network), '/bin/sh', '-c', 'test -x "$0"', process.execPath],
  ];
  try {
    await promisify(execFile)(file, args, { timeout: 5_000 });
    return undefined;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') return 'bubblewrap is not installed';
    if (code === 1 && !stderr) return `an unprivileged user may not run ${process.execPath}`;
    return `bubblewrap does not work here: ${stderr?.trim() || code}`;
  }
}

function wrap(shown: string[], box: Box, relocated: Parameters<Wrap>[1]): string[] {
  const placed = box.mounts.map((mount, index) => {
    const path = mount.mountPath.replace(/^\/var(?=\/run\/)/, '');
    const elsewhere = `${volumesInside}/${index}`;
    const at = isOccupied(path) ? elsewhere : path;
    return { ...mount, at, seen: at === path ? mount.mountPath : at };
  });
  const { command, workingDirectory } = relocated(placed.map(({ mountPath, seen }) => ({ from: mountPath, to: seen })));
  const mounted = (path: string) => placed.some(({ at }) => path === at || path.startsWith(`${at}/`));
  const programs = command.filter(
    (path) =>
      isAbsolute(path) && existsSync(path) && !isSystemPath(path) && !mounted(path) && path !== process.execPath,
  );
  return [
    ...bubblewrap(box),
    '--json-status-fd',
    '3',
    ...base(shown, box.temporary),
    ...[...parents(homeInside), '--bind', box.home, homeInside],
    ...['passwd', 'group', 'hosts', 'hostname'].flatMap((name) => ['--ro-bind', `${box.etc}/${name}`, `/etc/${name}`]),
    // A network of its own cannot reach the machine's name servers.
    ...['--ro-bind-try', box.network === 'machine' ? '/etc/resolv.conf' : `${box.etc}/resolv.conf`, '/etc/resolv.conf'],
    ...programs.flatMap(readOnly),
    ...placed.flatMap((one) => [...parents(one.at), one.readOnly ? '--ro-bind' : '--bind', one.source, one.at]),
    ...['--remount-ro', '/'],
    // Change the folder as the pod's user: bubblewrap may not enter the home of another user.
    ...[
      '--',
      ...becoming(box.user, box.network),
      '/bin/sh',
      '-c',
      'cd "$0" && exec "$@"',
      workingDirectory,
      ...command,
    ],
  ];
}

// An ordinary user needs a user namespace. Root needs none, and in one it would stay the machine's root. It becomes another user instead,
// and keeps only the rights to do so.
function bubblewrap({ hostname, user, network }: Pick<Box, 'hostname' | 'user' | 'network'>): string[] {
  // Only the owner of a network can set its rules. bubblewrap's user namespace is not the owner, because its user has another number.
  // So for an ordinary user the network and its owner are made around bubblewrap.
  const outside = user === undefined && network === 'internet';
  const rights = ['SETUID', 'SETGID', 'SETPCAP', ...(network === 'internet' ? ['NET_ADMIN'] : [])];
  return [
    ...(outside ? ['unshare', '--user', '--map-root-user', '--net', '--', ...withRules()] : []),
    'bwrap',
    ...['--cap-drop', 'ALL'],
    ...(user === undefined
      ? ['--unshare-user', '--uid', `${userInside}`, '--gid', `${userInside}`]
      : rights.flatMap((right) => ['--cap-add', `CAP_${right}`])),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--hostname', hostname.slice(0, 63)],
    ...(network === 'machine' || outside ? [] : ['--unshare-net']),
    '--die-with-parent',
  ];
}

/** A prefix for the command that runs it as `user`, without capabilities and without a way to get any (capabilities(7)). */
const becoming = (user: number | undefined, network: Sandbox['network']): string[] =>
  user === undefined
    ? []
    : [
        ...(network === 'internet' ? withRules() : []),
        'setpriv',
        ...[`--reuid=${user}`, `--regid=${user}`, '--clear-groups'],
        ...['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs', '--'],
      ];

const base = (shown: string[], temporary?: string): string[] => [
  ...shown,
  ...['--dev', '/dev', '--perms', '1777', '--tmpfs', '/dev/shm'],
  ...hardenedProc(),
  ...(temporary ? ['--bind', temporary, '/tmp'] : ['--tmpfs', '/tmp']),
  ...['--dir', '/run', '--dir', '/var', '--symlink', '../run', '/var/run', '--symlink', '../tmp', '/var/tmp'],
];
