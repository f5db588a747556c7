// Runs a pod as processes of this machine: an address of its own on loopback, directories of its own, its containers.

import { execFile } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Container, ContainerStatus, Pod } from '../api/objects.ts';
import type { Recorder } from '../events.ts';
import type { Tokens } from '../tokens.ts';
import type { Runner } from './agent.ts';
import { type BackOff, type RunningContainer, runContainer } from './container.ts';
import { ConfigError, commandOf, environmentOf, type ReadSecret } from './environment.ts';
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
  readSecret: ReadSecret;
  record: Recorder;
  now: () => number;
  random: () => number;
  backOff: BackOff;
};

/** Annotation on a pod: paths, with commas between, that stay readable in its sandbox. */
export const readablePaths = 'warmterm.dev/local-readable-paths';

/** Where a pod's files are. Short, because the paths of sockets in them are limited to 107 bytes. */
export const podDirectory = (directory: string, uid: string): string => join(directory, 'pods', uid.slice(0, 8));

export function createProcessRunner(node: ProcessNode): Runner {
  const addresses = new Set<string>();

  return (pod, report) => {
    const { uid } = pod.metadata;
    const at = podDirectory(node.directory, uid);
    const statuses = new Map(pod.spec.containers.map(({ name, image }) => [name, waitingContainer(name, image)]));
    const runtime: Runtime = { podIP: '', startedAt: node.now(), containers: [] };
    const containers: RunningContainer[] = [];
    const user = node.sandbox?.users?.take();
    const chown = (path: string) => user !== undefined && chownSync(path, user, user);
    let volumes: Volumes | undefined;
    let network: OpenNetwork | undefined;
    let grace: number | undefined;

    const tell = (status?: ContainerStatus) => {
      if (status) statuses.set(status.name, status);
      report({ ...runtime, containers: [...statuses.values()] });
    };
    const event = (container: Container) => (type: 'Normal' | 'Warning', reason: string, message: string) =>
      node.record(pod, type, reason, message, 'kubelet', `spec.containers{${container.name}}`);

    async function start(): Promise<void> {
      runtime.podIP = await freeAddress(pod, addresses, node.random);
      try {
        if (pod.spec.initContainers?.length) throw new ConfigError('init containers are not supported by this node');
        for (const name of ['home', 'tmp', 'logs']) await mkdir(join(at, name), { recursive: true, mode: 0o700 });
        for (const name of ['home', 'tmp']) chown(join(at, name));
        if (node.sandbox)
          await writeIdentity(join(at, 'etc'), hostnameOf(pod), user ?? userInside, node.sandbox.network);
        if (hasSocketNetwork(pod)) network = await node.network.open(pod, runtime.podIP, at, chown);
        volumes = await makeVolumes(pod, join(at, 'volumes'), { ...node, user });
      } catch (error) {
        node.record(pod, 'Warning', 'FailedMount', (error as Error).message, 'kubelet');
        return tell();
      }
      if (grace !== undefined) return;
      for (const container of pod.spec.containers) {
        const { podIP } = runtime;
        const place = { ...node, at, podIP, volumes: volumes!, user, opened: network };
        const prepare = () => prepareContainer(pod, container, place);
        const { backOff, now, sandbox, clusterId } = node;
        const deps = {
          podIP,
          connect: node.network.connect,
          logDirectory: join(at, 'logs'),
          sandboxed: sandbox !== undefined,
          clusterId,
          prepare,
          report: tell,
          now,
          backOff,
        };
        containers.push(runContainer(pod, container, { ...deps, event: event(container) }));
      }
    }
    const started = start();
    let ended: Promise<void> | undefined;

    async function end(): Promise<void> {
      await started;
      volumes?.close();
      await Promise.all(containers.map((container) => container.ended));
      // Again, because what is just being forked has to be found too; in a sandbox there should be none.
      while (killMarked(uid) > 0);
      network?.close();
      await wipe(at);
      addresses.delete(runtime.podIP);
      if (user !== undefined) node.sandbox?.users?.give(user);
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

type Place = ProcessNode & {
  at: string;
  podIP: string;
  volumes: Volumes;
  user: number | undefined;
  opened: OpenNetwork | undefined;
};

function prepareContainer(pod: Pod, container: Container, place: Place) {
  const { at, sandbox, podIP, readSecret, user, opened } = place;
  const [home, temporary] = [join(at, 'home'), join(at, 'tmp')];
  const mounts = [...place.volumes.mountsOf(container), ...(opened?.mounts ?? [])];
  const defaults = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    HOSTNAME: pod.metadata.name,
    HOME: sandbox ? homeInside : home,
    TMPDIR: sandbox ? '/tmp' : temporary,
  };
  const plain = environmentOf(pod, container, podIP, readSecret, defaults);
  const words = commandOf(container, plain);
  if (pod.spec.containers.length === 1) opened?.clear();
  let environment = plain;
  // Where a mount cannot be shown at its own path, whatever names that path is told the other.
  const relocated = (places: { from: string; to: string }[]) => {
    environment = Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, relocate(value, places)]));
    const workingDirectory = relocate(container.workingDir ?? environment.HOME ?? '/', places);
    return { command: words.map((word) => relocate(word, places)), workingDirectory };
  };
  if (!sandbox) {
    const moved = relocated(mounts.map(({ source, mountPath }) => ({ from: mountPath, to: source })));
    return { ...moved, environment, internet: false };
  }
  const readable = pod.metadata.annotations?.[readablePaths]?.split(',').filter((path) => path.startsWith('/')) ?? [];
  const [etc, hostname] = [join(at, 'etc'), hostnameOf(pod)];
  const network = opened ? sandbox.network : 'machine';
  const box = { command: words, hostname, user, network, home, temporary, etc, mounts, readable };
  const command = sandbox.wrap(box, relocated);
  return { command, environment, workingDirectory: '/', internet: network === 'internet' };
}

const hostnameOf = (pod: Pod): string => pod.spec.hostname ?? pod.metadata.name;

/** The files of /etc that say who and where a sandbox is. */
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

/** An address of 127.0.0.0/8 on which the pod's ports are free, so that other clusters on this machine do not matter. */
async function freeAddress(pod: Pod, taken: Set<string>, random: () => number): Promise<string> {
  const ports = pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .map(({ containerPort }) => containerPort);
  while (true) {
    const [b, c, d] = [64 + random() * 63, random() * 256, 1 + random() * 253].map(Math.floor);
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

// By rm, not by fs.rm: a visitor may have nested folders deeper than a path can be long.
async function wipe(directory: string): Promise<void> {
  const remove = () => execute('rm', ['-rf', '--', directory]);
  // A visitor may have taken the right to remove from a directory; it is given back first.
  await remove().catch(async () => {
    await execute('chmod', ['-R', 'u+rwx', directory]).catch(() => {});
    await remove();
  });
}
