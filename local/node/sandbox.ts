// A bubblewrap sandbox for each container, so that one visitor sees neither another's files and processes nor this
// machine's homes. The network is shared: a node port has to reach the pod. https://github.com/containers/bubblewrap

import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Mount } from './volumes.ts';

export type Wrapped = { command: string[]; places: { from: string; to: string }[] };
export type Box = {
  command: string[];
  hostname: string;
  /** Become /home/visitor and /tmp inside. */
  home: string;
  temporary: string;
  mounts: Mount[];
  workingDirectory: string;
  /** More paths that stay readable inside. */
  readable: string[];
};
/** The command line that runs a container's command in a sandbox, and where mounts are if not where they should be. */
export type Sandbox = (
  box: Box,
  relocated: (places: Wrapped['places']) => { command: string[]; workingDirectory: string },
) => string[];

export const homeInside = '/home/visitor';
const volumesInside = '/run/volumes';
const user = 1_000;

/** Undefined when bubblewrap is not there or cannot do its work here; `why` says which. */
export async function findSandbox(directory: string): Promise<{ sandbox: Sandbox } | { why: string }> {
  const files = join(directory, 'sandbox');
  await mkdir(files, { recursive: true });
  const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
  await writeFile(
    join(files, 'passwd'),
    `root:x:0:0:root:/root:${shell}\nvisitor:x:${user}:${user}:visitor:${homeInside}:${shell}\n`,
  );
  await writeFile(join(files, 'group'), `root:x:0:\nvisitor:x:${user}:\n`);
  try {
    await promisify(execFile)('bwrap', [...isolation('probe'), ...fileSystem(directory), '--', '/bin/true'], {
      timeout: 5_000,
    });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    return {
      why:
        code === 'ENOENT' ? 'bubblewrap is not installed' : `bubblewrap does not work here: ${stderr?.trim() || code}`,
    };
  }
  return { sandbox: (box, relocated) => wrap(directory, box, relocated) };
}

function wrap(directory: string, box: Box, relocated: Parameters<Sandbox>[1]): string[] {
  const placed = box.mounts.map((mount, index) => {
    // Of the read-only part only what exists can be mounted on.
    const path = realPath(mount.mountPath);
    const fits = existsSync(path) || hidden().some((root) => isWithin(path, root));
    const elsewhere = `${volumesInside}/${index}`;
    return { ...mount, at: fits ? path : elsewhere, seen: fits ? mount.mountPath : elsewhere };
  });
  const { command, workingDirectory } = relocated(placed.map(({ mountPath, seen }) => ({ from: mountPath, to: seen })));
  const back = new Set([
    dirname(dirname(process.execPath)),
    ...command.filter(isAbsolute).flatMap(projectOf),
    ...box.readable,
  ]);
  return [
    'bwrap',
    ...isolation(box.hostname),
    '--json-status-fd',
    '3',
    ...fileSystem(
      directory,
      [...back].filter((path) => hidden().some((root) => isWithin(path, root))),
      box.temporary,
    ),
    ...['--bind', box.home, homeInside],
    ...placed.flatMap(({ source, at, readOnly }) => [readOnly ? '--ro-bind' : '--bind', source, at]),
    ...['--chdir', workingDirectory, '--', ...command],
  ];
}

const isolation = (hostname: string): string[] => [
  '--unshare-user',
  ...['--uid', `${user}`, '--gid', `${user}`],
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--hostname', hostname.slice(0, 63)],
  '--die-with-parent',
];

// Read-only, without homes, runtime sockets and the cluster's own state; then `back` is shown again.
function fileSystem(directory: string, back: string[] = [], temporary?: string): string[] {
  const files = join(directory, 'sandbox');
  const seen = back.some((path) => isWithin(directory, path)) || !hidden().some((path) => isWithin(directory, path));
  return [
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...hidden()
      .filter((path) => path !== '/tmp')
      .flatMap((path) => ['--tmpfs', path]),
    ...(temporary ? ['--bind', temporary, '/tmp'] : ['--tmpfs', '/tmp']),
    // Where the name servers are written, on machines with systemd.
    ...['--ro-bind-try', '/run/systemd/resolve', '/run/systemd/resolve'],
    ...back.flatMap((path) => ['--ro-bind-try', path, path]),
    ...(seen ? ['--tmpfs', directory] : []),
    ...['--ro-bind', join(files, 'passwd'), '/etc/passwd', '--ro-bind', join(files, 'group'), '/etc/group'],
    // Who runs this as root would be able to read them from inside too.
    ...['/etc/shadow', '/etc/gshadow']
      .filter(() => process.getuid?.() === 0)
      .flatMap((path) => (existsSync(path) ? ['--ro-bind', '/dev/null', path] : [])),
  ];
}

let roots: string[] | undefined;
/** What is hidden, by its real path. */
function hidden(): string[] {
  roots ??= ['/home', '/root', '/run', '/mnt', '/media', '/srv', '/tmp', '/var/tmp', homedir()]
    .filter((path) => path !== '/' && existsSync(path))
    .map((path) => realpathSync(path))
    .filter(
      (path, index, all) =>
        all.indexOf(path) === index && !all.some((other) => other !== path && isWithin(path, other)),
    );
  return roots;
}

/** As far as the path exists, without symbolic links: /var/run is /run. */
const realPath = (path: string): string =>
  existsSync(path) ? realpathSync(path) : join(realPath(dirname(path)), basename(path));

const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/** A program's project: the nearest directory above with a package.json, else the one that it is in. */
function projectOf(path: string): string[] {
  if (!existsSync(path)) return [];
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return [at];
  }
  return [dirname(path) === '/' ? path : dirname(path)];
}
