// A second manager beside the one of a test system, as another replica would be, and a webserver's client for either.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { type Claim, claimAnswerSchema, paths, poolsSchema } from '../../common/manager-api.ts';
import { managerAudience } from '../../common/names.ts';
import { builtService } from './built.ts';
import { type LocalSystem, until } from './system.ts';

/** Starts it with the same settings, on its own port. Nothing restarts it after a kill. */
export const startAnotherManager = (t: ExecutionContext, { directory, cluster }: LocalSystem) =>
  startManagerProcess(t, {
    KUBECONFIG: cluster.kubeconfig,
    WARMTERM_SIGNING_KEY_FILE: join(directory, 'secrets', 'signing-key.pem'),
  });

/** Starts the manager as a process. Resolves once it is ready. */
export async function startManagerProcess(t: ExecutionContext, env: Record<string, string>) {
  const child = spawn(process.execPath, [builtService('manager')], {
    env: { HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  t.teardown(() => {
    child.kill('SIGKILL');
    return ended;
  });
  const told: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
      told.push(msg);
      if (msg === 'listening') resolve(port!);
    });
    child.once('close', () => reject(new Error(`The manager ended: ${told.join(', ')}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  await until('the manager is ready', () => fetch(`${url}/readyz`).then(({ ok }) => ok));
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  return { url, told, kill };
}

const tokenOf = ({ cluster }: LocalSystem) =>
  cluster.mintToken({ serviceAccount: 'warmterm-webserver', audience: managerAudience });

/** The number of waiting visitors that one manager knows of; undefined while it is not ready. */
export async function waitingAt(managerUrl: string, system: LocalSystem): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${tokenOf(system)}` };
  const response = await fetch(new URL(paths.pools, managerUrl), { headers });
  return response.ok ? poolsSchema.parse(await response.json()).pools[0]!.waiting : undefined;
}

/** Claims a terminal for a visitor at one manager, as the webserver does. Repeats the claim while the visitor waits, as the page does. */
export function createClaimer(system: LocalSystem) {
  const token = tokenOf(system);
  return async function claim(managerUrl: string, visitor: string, place?: number): Promise<Claim> {
    const response = await fetch(new URL(paths.terminals, managerUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ visitor, place }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    const answer = claimAnswerSchema.parse(await response.json());
    return answer.status === 'waiting' ? claim(managerUrl, visitor, answer.place) : answer;
  };
}
