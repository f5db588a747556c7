// Real proxies in front of a webserver, configured by the files in docs/examples/proxies. A file is used as it is, except for
// host names, ports, addresses and certificates. This file adds what a distribution puts around it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/ports.ts';
import { dieWithParent } from '../../local/supervisor.ts';
import { selfSigned } from './certificate.ts';
import { poll } from './poll.ts';
import type { Scope } from './scope.ts';

export type ProxyName = 'nginx' | 'apache' | 'caddy' | 'haproxy';

export type ReverseProxy = {
  httpPort: number;
  httpsPort: number;
  /** The file with its certificate, which covers the names directly below the first one of `names`. */
  certificate: string;
};

const apacheFolder = '/usr/lib/apache2/modules';
// An account that owns no files.
const nobody = 65_534;
const startMs = 20_000;

type Ports = Omit<ReverseProxy, 'certificate'>;
type Context = { directory: string; file: string; ports: Ports };
type Program = {
  command: string;
  file: string;
  /** The directives that set the ports; none if they are set elsewhere. */
  listen: { http?: string; https?: string };
  /** What surrounds the file: other files by name, and the arguments. */
  run: (context: Context) => { files?: Record<string, string>; args: string[] };
};

const programs: Record<ProxyName, Program> = {
  nginx: {
    command: 'nginx',
    file: 'nginx.conf',
    listen: { http: 'listen 80', https: 'listen 443' },
    run: ({ directory, file }) => ({
      files: {
        'main.conf': `daemon off;
pid ${directory}/pid;
worker_processes 1;
events {}
http {
  access_log ${directory}/log;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  include ${file};
}
`,
      },
      args: ['-e', 'stderr', '-c', `${directory}/main.conf`],
    }),
  },
  apache: {
    command: 'apache2',
    file: 'apache.conf',
    listen: { http: '*:80>', https: '*:443>' },
    run: ({ directory, file, ports: { httpPort, httpsPort } }) => ({
      files: {
        'main.conf': `ServerRoot ${directory}
PidFile ${directory}/pid
DefaultRuntimeDir ${directory}
Mutex pthread
ServerName localhost
ErrorLog ${directory}/log
StartServers 1
ServerLimit 4
ThreadsPerChild 25
MaxRequestWorkers 100
${apacheModules()}
Listen 127.0.0.1:${httpPort}
Listen 127.0.0.1:${httpsPort}
Include ${file}
`,
      },
      args: ['-D', 'FOREGROUND', '-f', `${directory}/main.conf`],
    }),
  },
  caddy: {
    command: 'caddy',
    file: 'Caddyfile',
    listen: {},
    run: ({ directory, file, ports: { httpPort, httpsPort } }) => ({
      files: {
        main: `{
	admin off
	auto_https disable_certs
	http_port ${httpPort}
	https_port ${httpsPort}
	default_bind 127.0.0.1
}
import ${file}
`,
      },
      args: ['run', '--adapter', 'caddyfile', '--config', `${directory}/main`],
    }),
  },
  haproxy: {
    command: 'haproxy',
    file: 'haproxy.cfg',
    listen: { http: 'bind :80', https: 'bind :443' },
    run: ({ file }) => ({ args: ['-db', '-f', file] }),
  },
};

/** The modules that a2enmod and Debian's defaults enable. */
function apacheModules(): string {
  const wanted = 'mpm_event authz_core ssl socache_shmcb http2 headers rewrite alias proxy proxy_http proxy_wstunnel';
  return wanted
    .split(' ')
    .map((name) => `LoadModule ${name}_module ${apacheFolder}/mod_${name}.so`)
    .join('\n');
}

/** The reason why the proxy cannot start here; undefined if it can. */
export function whyNoProxy(name: ProxyName): string | undefined {
  const { command } = programs[name];
  const { error } = spawnSync(command, ['-v'], { env: environment('/'), stdio: 'ignore' });
  const found = error === undefined && (name !== 'apache' || existsSync(apacheFolder));
  return found ? undefined : `${command} is not installed`;
}

/** `names`: replacements for the host names in the file. `edit` changes the file further, for other configurations. */
export type ReverseProxyOptions = {
  webserverPort: number;
  names: Record<string, string>;
  edit?: (text: string) => string;
};

/** Starts a proxy as an ordinary user, in its own folder. Both are removed at the end of the scope. */
export async function startReverseProxy(
  scope: Scope,
  name: ProxyName,
  { webserverPort, names, edit = (text) => text }: ReverseProxyOptions,
): Promise<ReverseProxy> {
  const { command, file, run } = programs[name];
  const directory = mkdtempSync(join(tmpdir(), `warmterm-${name}-`));
  scope.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const ports = { httpPort: await freePort(), httpsPort: await freePort() };
  const { files = {}, args } = run({ directory, file: join(directory, file), ports });
  const { key, cert } = selfSigned(`*.${Object.values(names)[0]}`);
  const all = {
    ...files,
    [file]: edit(place(readExample(file), { name, directory, ports, webserverPort, names })),
    'example.key': key,
    // HAProxy reads the key and the certificate from one file.
    'example.pem': cert + key,
    log: '',
  };
  for (const [each, content] of Object.entries(all)) writeFileSync(join(directory, each), content, { mode: 0o600 });
  const user = ordinaryUser([directory, ...Object.keys(all).map((each) => join(directory, each))]);
  const log = join(directory, 'log');
  const output = openSync(log, 'a');
  // A crashed test file runs no teardown, so end the proxy with this process.
  const [program = command, ...rest] = [...dieWithParent(), command, ...args];
  const child = spawn(program, rest, { env: environment(directory), stdio: ['ignore', output, output], ...user });
  closeSync(output);
  scope.teardown(async () => {
    if (!scope.passed) scope.log(`${name}:\n${readFileSync(log, 'utf8')}`);
    await end(child);
  });
  const listens = async () => (await Promise.all(Object.values(ports).map(accepts))).every(Boolean);
  const started = await poll(async () => child.exitCode !== null || (await listens()), startMs);
  if (!started || child.exitCode !== null) throw new Error(`${name} has not started:\n${readFileSync(log, 'utf8')}`);
  return { ...ports, certificate: join(directory, 'example.pem') };
}

export const readExample = (file: string): string =>
  readFileSync(new URL(`../../docs/examples/proxies/${file}`, import.meta.url), 'utf8');

type Place = Pick<ReverseProxyOptions, 'webserverPort' | 'names'> & {
  name: ProxyName;
  directory: string;
  ports: Ports;
};

/** The documented text with this machine's addresses, ports, names and certificate. */
function place(text: string, { name, directory, ports, webserverPort, names }: Place): string {
  const { http, https } = programs[name].listen;
  const replacements = [
    ...[...text.matchAll(/\/etc\/\S+\/(example\.(?:pem|key))/g)].map(([path, file = '']) => [
      path,
      join(directory, file),
    ]),
    ['192.0.2.10:30252', `127.0.0.1:${webserverPort}`],
    ['192.0.2.10', '127.0.0.1'],
    ...(http === undefined ? [] : [[http, withPort(http, ports.httpPort)]]),
    ...(https === undefined ? [] : [[https, withPort(https, ports.httpsPort)]]),
    ...Object.entries(names),
    // Regular expressions escape the dots.
    ...Object.entries(names).map((pair) => pair.map((host) => host.replaceAll('.', '\\.'))),
  ] as [string, string][];
  return replacements.reduce((placed, [from, to]) => placed.replaceAll(from, to), text);
}

/** `listen 443` → `listen 127.0.0.1:20443`, `*:443>` → `*:20443>`. */
const withPort = (text: string, port: number): string =>
  text.replace(/(\*?):?\d+/, (_, any: string) => `${any || '127.0.0.1'}:${port}`);

// Debian's paths of the programs. An ordinary user's PATH may lack sbin.
const environment = (directory: string) => ({
  PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`,
  HOME: directory,
});

/** As root: gives `paths` to the user nobody, and runs the process as that user. */
function ordinaryUser(paths: string[]): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const path of paths) chownSync(path, nobody, nobody);
  return { uid: nobody, gid: nobody };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
