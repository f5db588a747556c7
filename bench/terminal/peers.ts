// The compared web terminals: how each is started, with the same tmux, configuration and shell.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../local/node-flags.ts';
import { freePort } from '../../local/ports.ts';
import { podToken, podUid, startManager } from '../../test/helpers/terminal-manager.ts';
import type { Teardown } from '../../test/helpers/webserver-listen.ts';
import { until } from '../tools.ts';
import * as protocols from './protocols.ts';

export const prompt = 'ready> ';

export type Running = {
  /** The server's process; tmux and the shell are its descendants, or daemons of their own. */
  pid: number;
  port: number;
  /** Milliseconds from its start until it accepts clients. */
  readyMs: number;
  /** Another port than its own if there is a line in between. */
  connect: (size: protocols.Size, by?: number) => Promise<protocols.Client>;
  stop: () => Promise<void>;
};

export type Peer = { name: string; start: (directory: string) => Promise<Running> };

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const tmuxConfig = fileURLToPath(new URL('../../terminal/tmux.conf', import.meta.url));

/** The installed ones; `absent` names the others. */
export function findPeers(): { peers: Peer[]; absent: string[] } {
  const cache =
    process.env.PEERS_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'warmterm-peers');
  const find = (name: string) =>
    [...(process.env.PATH ?? '').split(delimiter), join(cache, name)].map((path) => join(path, name)).find(existsSync);
  const ttyd = find('ttyd');
  const wetty = find('wetty');
  const peers = [warmterm, ...(ttyd ? [ttydPeer(ttyd)] : []), ...(wetty ? [wettyPeer(wetty)] : [])];
  return { peers, absent: ['ttyd', 'wetty'].filter((name) => !peers.some((peer) => peer.name === name)) };
}

export const warmterm: Peer = {
  name: 'warmterm',
  async start(directory) {
    const t = collectTeardowns();
    const { shell, environment } = prepare(directory);
    const manager = await startManager(t);
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, podToken);
    const [port, healthPort] = [await freePort(), await freePort()];
    const settings = {
      HOST: '127.0.0.1',
      PORT: String(port),
      HEALTH_PORT: String(healthPort),
      LOG_LEVEL: 'warn',
      WARMTERM_POD_NAME: 'bench-0',
      WARMTERM_POD_UID: podUid,
      WARMTERM_MANAGER_URL: manager.url,
      WARMTERM_MANAGER_TOKEN_FILE: tokenFile,
      WARMTERM_SHELL: shell,
    };
    const startedAt = performance.now();
    const child = run(process.execPath, [...imageFlags(), join(dist, 'terminal.mjs')], { ...environment, ...settings });
    await until(() => answers(`http://127.0.0.1:${healthPort}/readyz`), 2);
    return {
      pid: child.pid!,
      port,
      readyMs: performance.now() - startedAt,
      connect: (size, by = port) => protocols.warmterm({ port: by, size, ticket: manager.ticket }),
      stop: async () => {
        await end(child);
        await t.run();
      },
    };
  },
};

/** The Node.js flags of the image, read from its entrypoint, without one that this Node.js may lack. */
function imageFlags(): string[] {
  const entrypoint = readFileSync(new URL('../../terminal/entrypoint.sh', import.meta.url), 'utf8');
  const flags = /exec node (.*) \/opt/.exec(entrypoint)?.[1]?.split(' ') ?? [];
  return [...nodeFlags, ...flags.filter((flag) => flag !== '--disable-sigusr1')];
}

const ttydPeer = (program: string): Peer => ({
  name: 'ttyd',
  start: (directory) =>
    startOther(directory, protocols.ttyd, (port, tmux) => [
      program,
      ['-p', `${port}`, '-i', 'lo', '-d', '0', '-W', ...tmux],
    ]),
});

const wettyPeer = (program: string): Peer => ({
  name: 'wetty',
  start: (directory) =>
    startOther(directory, protocols.wetty, (port, tmux) => [
      program,
      ['--port', `${port}`, '--host', '127.0.0.1', '--command', tmux.join(' ')],
    ]),
});

/** These start tmux with the first browser. They are ready when they listen. */
async function startOther(
  directory: string,
  connect: protocols.Connect,
  command: (port: number, tmux: string[]) => [string, string[]],
): Promise<Running> {
  const { shell, environment } = prepare(directory);
  const socket = join(directory, 'tmux');
  const port = await freePort();
  const tmux = ['tmux', '-u', '-f', tmuxConfig, '-S', socket, 'new-session', '-A', '-s', 'bench', shell];
  const startedAt = performance.now();
  const child = run(...command(port, tmux), { ...environment, TERM: 'tmux-256color', SHELL: shell });
  await until(() => listens(port), 2);
  return {
    pid: child.pid!,
    port,
    readyMs: performance.now() - startedAt,
    connect: (size, by = port) => connect({ port: by, size, ticket: async () => '' }),
    stop: async () => {
      try {
        execFileSync('tmux', ['-S', socket, 'kill-server'], { stdio: 'ignore' });
      } catch {
        // No browser was attached, or the shell has ended.
      }
      await end(child);
    },
  };
}

function prepare(directory: string) {
  mkdirSync(directory, { recursive: true });
  const shell = join(directory, 'shell');
  writeFileSync(shell, `#!/bin/sh\nexport PS1='${prompt}'\nexec bash --norc --noprofile -i\n`, { mode: 0o755 });
  const { PATH = '' } = process.env;
  return { shell, environment: { PATH, HOME: directory, TMPDIR: directory, LANG: 'C.UTF-8' } };
}

const run = (program: string, args: string[], env: Record<string, string>): ChildProcess =>
  spawn(program, args, { env, cwd: env.HOME, stdio: ['ignore', 'ignore', 'inherit'] });

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

const answers = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Stands in for a test, whose teardowns run at its end. */
export function collectTeardowns(): Teardown & { run: () => Promise<void> } {
  const teardowns: (() => unknown)[] = [];
  return {
    teardown: (fn: () => unknown) => void teardowns.push(fn),
    run: async () => {
      for (const teardown of teardowns.splice(0).reverse()) await teardown();
    },
  };
}
