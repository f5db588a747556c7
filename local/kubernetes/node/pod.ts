// Runs a pod as processes of this machine: with a loopback address, directories and containers of its own.

import { execFile } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerStatus, Pod } from '../api/objects.ts';
import type { Container } from '../api/schemas.ts';
import type { Recorder } from '../events.ts';
import type { Tokens } from '../tokens.ts';
import type { Runner } from './agent.ts';
import { type BackOff, type Prepared, type RunningContainer, runContainer } from './container.ts';
import { commandOf, environmentOf } from './environment.ts';
import { nameServer } from './internet.ts';
import { hasSocketNetwork, type OpenNetwork, type PodNetwork } from './pod-network.ts';
import { type Runtime, waitingContainer } from './pod-status.ts';
import { killMarked } from './process.ts';
import { homeInside, type Sandbox, userInside } from './sandbox.ts';
import { makeVolumes, relocate, type Volumes } from './volumes.ts';

const execute = promisify(execFile);

export type ProcessNode = {
  directory: string;
  /** Marks every process, for the reaper. */
  clusterId: string;
  sandbox: Sandbox | undefined;
  network: PodNetwork;
  tokens: Tokens;
  record: Recorder;
  now: () => number;
  backOff: BackOff;
};

/** The folder of a pod's files. Short, because the paths of sockets in it are limited to 107 bytes. */
export const podDirectory = (directory: string, uid: string): string => join(directory, 'pods', uid.slice(0, 8));

export function createProcessRunner(node: ProcessNode): Runner {
  const addresses = new Set<string>();

  return (pod, report) => {
    const { uid } = pod.metadata;
    const { sandbox, clusterId, now, backOff } = node;
    const at = podDirectory(node.directory, uid);
    const statuses = new Map(pod.spec.containers.map(({ name, image }) => [name, waitingContainer(name, image)]));
    const runtime: Runtime = { podIP: '', startedAt: now(), containers: [] };
    const containers: RunningContainer[] = [];
    const user = sandbox?.users?.take();
    const chown = (path: string) => user !== undefined && chownSync(path, user, user);
    let volumes: Volumes | undefined;
    let network: OpenNetwork | undefined;
    let grace: number | undefined;

    const reportStatus = (status?: ContainerStatus) => {
      if (status) statuses.set(status.name, status);
      report({ ...runtime, containers: [...statuses.values()] });
    };

    async function start(): Promise<void> {
      const podIP = await freeAddress(pod, addresses);
      runtime.podIP = podIP;
      try {
        for (const name of ['home', 'tmp', 'logs']) await mkdir(join(at, name), { recursive: true, mode: 0o700 });
        // As in the image: a new home is a copy of /etc/skel.
        await cp('/etc/skel', join(at, 'home'), { recursive: true }).catch(() => {});
        for (const name of ['home', 'tmp']) {
          chown(join(at, name));
          for (const inner of await readdir(join(at, name), { recursive: true })) chown(join(at, name, inner));
        }
        if (sandbox) await writeIdentity(join(at, 'etc'), hostnameOf(pod), user ?? userInside, sandbox.network);
        if (hasSocketNetwork(pod)) network = await node.network.open(pod, podIP, at, chown);
        volumes = await makeVolumes(pod, join(at, 'volumes'), { tokens: node.tokens, user });
      } catch (error) {
        node.record(pod, 'Warning', 'FailedMount', (error as Error).message, 'kubelet');
        return reportStatus();
      }
      if (grace !== undefined) return;
      for (const container of pod.spec.containers) {
        const place = { at, sandbox, podIP, volumes, user, network };
        const deps = {
          podIP,
          connect: node.network.connect,
          logDirectory: join(at, 'logs'),
          sandboxed: sandbox !== undefined,
          clusterId,
          prepare: () => prepareContainer(pod, container, place),
          report: reportStatus,
          event: (type: 'Normal' | 'Warning', reason: string, message: string) =>
            node.record(pod, type, reason, message, 'kubelet', `spec.containers{${container.name}}`),
          now,
          backOff,
        };
        containers.push(runContainer(pod, container, deps));
      }
    }
    const started = start();
    let ended: Promise<void> | undefined;

    async function end(): Promise<void> {
      volumes?.close();
      await Promise.all(containers.map((container) => container.ended));
      // Repeat it, to find processes that were being forked. A sandbox leaves none.
      while (killMarked(uid) > 0);
      network?.close();
      await wipe(at);
      addresses.delete(runtime.podIP);
      if (user !== undefined) sandbox?.users?.release(user);
    }

    return {
      stop: async (graceMs) => {
        if (grace === undefined || graceMs < grace) grace = graceMs;
        await started;
        for (const container of containers) container.stop(grace);
        ended ??= end();
        await ended;
      },
    };
  };
}

type Place = {
  at: string;
  sandbox: Sandbox | undefined;
  podIP: string;
  volumes: Volumes;
  user: number | undefined;
  network: OpenNetwork | undefined;
};

function prepareContainer(pod: Pod, container: Container, place: Place): Prepared {
  const { at, sandbox, podIP, volumes, user, network } = place;
  const [home, temporary, etc] = ['home', 'tmp', 'etc'].map((name) => join(at, name)) as [string, string, string];
  const mounts = [...volumes.mountsOf(container), ...(network?.mounts ?? [])];
  const words = commandOf(container);
  const plain = environmentOf(pod, container, podIP, {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    HOSTNAME: pod.metadata.name,
    HOME: sandbox ? homeInside : home,
    TMPDIR: sandbox ? '/tmp' : temporary,
  });
  if (pod.spec.containers.length === 1) network?.clear();
  let environment = plain;
  // Where a mount cannot be at its own path, the command and the environment get the other path.
  const relocated = (places: { from: string; to: string }[]) => {
    environment = Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, relocate(value, places)]));
    return { command: words.map((word) => relocate(word, places)), workingDirectory: environment.HOME ?? '/' };
  };
  if (!sandbox) {
    const moved = relocated(mounts.map(({ source, mountPath }) => ({ from: mountPath, to: source })));
    return { ...moved, environment, internet: false };
  }
  const kind = network ? sandbox.network : 'machine';
  const box = { command: words, hostname: hostnameOf(pod), user, network: kind, home, temporary, etc, mounts };
  const command = sandbox.wrap(box, relocated);
  return { command, environment, workingDirectory: '/', internet: kind === 'internet' };
}

const hostnameOf = (pod: Pod): string => pod.spec.hostname ?? pod.metadata.name;

/** Writes the files of /etc that name the user and the host of a sandbox. */
async function writeIdentity(
  directory: string,
  hostname: string,
  user: number,
  network: Sandbox['network'],
): Promise<void> {
  const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
  const files = {
    passwd: `root:x:0:0:root:/root:${shell}\nvisitor:x:${user}:${user}:visitor:${homeInside}:${shell}\n`,
    group: `root:x:0:\nvisitor:x:${user}:\n`,
    hosts: `127.0.0.1 localhost\n::1 localhost\n127.0.0.1 ${hostname}\n`,
    hostname: `${hostname}\n`,
    'resolv.conf': network === 'internet' ? `nameserver ${nameServer}\n` : '# This terminal has no network.\n',
  };
  await mkdir(directory, { recursive: true, mode: 0o755 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text, { mode: 0o644 });
}

/** An address of 127.0.0.0/8 on which the pod's ports are free: other clusters on this machine have addresses there too. */
async function freeAddress(pod: Pod, taken: Set<string>): Promise<string> {
  const ports = pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
  for (;;) {
    const [b, c, d] = [64 + Math.random() * 63, Math.random() * 256, 1 + Math.random() * 253].map(Math.floor);
    const address = `127.${b}.${c}.${d}`;
    if (taken.has(address)) continue;
    taken.add(address);
    const free = await Promise.all(ports.map((port) => canListen(address, port)));
    if (free.every(Boolean)) return address;
    taken.delete(address);
  }
}

function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

// With rm, not fs.rm: a visitor may have nested folders deeper than a path can be long.
async function wipe(directory: string): Promise<void> {
  const remove = () => execute('rm', ['-rf', '--', directory]);
  // A visitor may have taken the write permission from a folder.
  await remove().catch(async () => {
    await execute('chmod', ['-R', 'u+rwx', directory]).catch(() => {});
    await remove();
  });
}
