// What of this machine a sandbox shows: programs, libraries and the settings that they read. Everything else is left out,
// because a list of what to hide is never complete.

import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';

const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/run/current-system'];

// Without private keys (/etc/ssl/private), accounts, and anything that an administrator may have written a password into.
const settings = [
  'alternatives',
  'bash.bashrc',
  'bash_completion',
  'bash_completion.d',
  'bashrc',
  'ca-certificates.conf',
  'crypto-policies',
  'debian_version',
  'gai.conf',
  'groff',
  'host.conf',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'lesskey',
  'locale.alias',
  'locale.conf',
  'localtime',
  'magic',
  'magic.mime',
  'man_db.conf',
  'manpath.config',
  'mime.types',
  'nanorc',
  'nsswitch.conf',
  'os-release',
  'perl',
  'pki/ca-trust',
  'pki/tls/certs',
  'profile',
  'profile.d',
  'protocols',
  'python3',
  'services',
  'shells',
  'skel',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
  'tmux.conf',
  'vim',
  'vimrc',
].map((name) => `/etc/${name}`);

/** Arguments for bubblewrap that show the system folders, read-only. Links stay links, such as /bin to /usr/bin. */
export const systemFolders = (): string[] => [
  ...programs.flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return [];
    return stat.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : readOnly(path);
  }),
  ...settings.filter((path) => existsSync(path)).flatMap(readOnly),
];

/** Arguments that show `path` as it is. */
export const readOnly = (path: string): string[] => [...parents(path), '--ro-bind', path, path];

/**
 * Arguments that make the folders above `path`. bubblewrap by itself would give them the mode of what is mounted there, which
 * may let in nobody but root.
 */
export function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === '/' || isSystemPath(parent) ? [] : [...parents(parent), '--dir', parent];
}

/** Whether nothing can be mounted at `path`, because a read-only folder above does not have it. */
export const isOccupied = (path: string): boolean => isSystemPath(path) && !existsSync(path);

/** Whether a system folder shows `path`. */
export const isSystemPath = (path: string): boolean =>
  [...programs, ...settings].some((folder) => path === folder || path.startsWith(`${folder}/`));

// What container runtimes hide or protect of /proc, for a kernel whose own checks fail:
// https://github.com/opencontainers/runc/blob/main/libcontainer/specconv/example.go
const protectedNames = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'];
const maskedNames = [
  'acpi',
  'asound',
  'interrupts',
  'kcore',
  'keys',
  'latency_stats',
  'sched_debug',
  'scsi',
  'timer_list',
];

/** Arguments for bubblewrap that make a /proc of the sandbox's own. There is no /sys at all. */
export function hardenedProc(): string[] {
  const present = new Set(readdirSync('/proc'));
  const isFolder = (name: string) => lstatSync(`/proc/${name}`).isDirectory();
  return [
    ...['--proc', '/proc'],
    ...protectedNames
      .filter((name) => present.has(name))
      .flatMap((name) => ['--ro-bind', `/proc/${name}`, `/proc/${name}`]),
    ...maskedNames
      .filter((name) => present.has(name))
      .flatMap((name) =>
        isFolder(name)
          ? ['--tmpfs', `/proc/${name}`, '--remount-ro', `/proc/${name}`]
          : ['--ro-bind', '/dev/null', `/proc/${name}`],
      ),
  ];
}

/** The files that the running Node.js consists of and that no system folder shows: the program and its libraries. */
export function nodeFiles(): string[] {
  if (isSystemPath(process.execPath)) return [];
  // Without this it would look up the names of its connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects } = process.report.getReport() as { sharedObjects?: string[] };
  const files = [process.execPath, ...(sharedObjects ?? [])];
  return files.filter(
    (path) => path.startsWith('/') && existsSync(path) && !isSystemPath(path) && dirname(path) !== '/',
  );
}
