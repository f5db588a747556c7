// What a sandbox shows of this machine: programs, libraries and their settings. It is a list of what to show, because a list of what to
// hide is never complete.

import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';

const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/run/current-system'];

// No private keys (/etc/ssl/private), no accounts, and nothing that may contain a password of an administrator.
const settings = `
  alternatives bash.bashrc bash_completion bash_completion.d bashrc ca-certificates.conf crypto-policies
  debian_version gai.conf groff host.conf inputrc ld.so.cache ld.so.conf ld.so.conf.d lesskey locale.alias
  locale.conf localtime magic magic.mime man_db.conf manpath.config mime.types nanorc nsswitch.conf os-release
  perl pki/ca-trust pki/tls/certs profile profile.d protocols python3 services shells skel ssl/cert.pem
  ssl/certs ssl/openssl.cnf terminfo timezone tmux.conf vim vimrc
`
  .trim()
  .split(/\s+/)
  .map((name) => `/etc/${name}`);

/** Arguments for bubblewrap that show the system folders, read-only. Links stay links, such as /bin to /usr/bin. */
export const systemFolders = (): string[] => [
  ...programs.flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return [];
    return stat.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : readOnly(path);
  }),
  ...settings.filter((path) => existsSync(path)).flatMap(readOnly),
];

/** Arguments that show `path`, read-only. */
export const readOnly = (path: string): string[] => [...parents(path), '--ro-bind', path, path];

/** Arguments that make the folders above `path`. bubblewrap would give them the mode of the mount, which may be for root only. */
export function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === '/' || isSystemPath(parent) ? [] : [...parents(parent), '--dir', parent];
}

/** Whether nothing can be mounted at `path`: it is missing in a read-only folder. */
export const isOccupied = (path: string): boolean => isSystemPath(path) && !existsSync(path);

/** Whether a system folder shows `path`. */
export const isSystemPath = (path: string): boolean =>
  [...programs, ...settings].some((folder) => path === folder || path.startsWith(`${folder}/`));

// What container runtimes hide or protect in /proc, in case the kernel's own checks fail:
// https://github.com/opencontainers/runc/blob/main/libcontainer/specconv/example.go
const protectedNames = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'];
const maskedNames = 'acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list'.split(' ');

/** Arguments for bubblewrap that make a /proc for the sandbox. There is no /sys. */
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

/** The program and the libraries of the running Node.js, as far as no system folder shows them. */
export function nodeFiles(): string[] {
  if (isSystemPath(process.execPath)) return [];
  // Otherwise the report looks up the host names of all connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects } = process.report.getReport() as { sharedObjects?: string[] };
  const files = [process.execPath, ...(sharedObjects ?? [])];
  return files.filter(
    (path) => path.startsWith('/') && existsSync(path) && !isSystemPath(path) && dirname(path) !== '/',
  );
}
