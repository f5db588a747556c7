// warmterm open: the page of the visitor's terminal, or of a run, as the visitor that this client is.

import { spawn } from 'node:child_process';
import { openIdentity, readServer } from '../config.ts';
import type { Context } from '../context.ts';
import { readRunId } from '../run/ids.ts';

type OpenOptions = { pool?: string; print?: boolean };

export async function open(context: Context, run: string | undefined, { pool, print }: OpenOptions): Promise<number> {
  const server = readServer(context.env);
  const url = new URL(`${server}/`);
  if (pool !== undefined) url.searchParams.set('pool', pool);
  if (run !== undefined) url.searchParams.set('run', readRunId(run));
  const address = withIdentity(url, await identityAt(context, server));
  const [program, ...before] = print || !context.stdout.isTTY ? [] : (opener(context.env) ?? []);
  if (program === undefined) {
    context.stdout.write(`${address}\n`);
    if (address !== String(url))
      context.say.line('this address is as secret as a key: whoever has it has your terminals');
    return 0;
  }
  context.stdout.write(`${url}\n`);
  // It is a convenience: where it cannot be started, --print gives the address.
  spawn(program, [...before, address], { detached: true, stdio: 'ignore' })
    .once('error', () => {})
    .unref();
  return 0;
}

/** Browsers send no fragment to a server. The page takes the identity for its tab (frontend/identity/handed-id.ts). Pure. */
export function withIdentity(url: URL, identity: string): string {
  // Other ids come from the network address or from a sign-in: the server decides by itself who the browser is.
  return /^(browser|tab)\./.test(identity) ? `${url}#visitor=${identity}` : String(url);
}

/** The server gives a new client its identity with the first answer; before that, the client has none. */
async function identityAt(context: Context, server: string): Promise<string> {
  const identity = openIdentity(context.env, server).get();
  if (!identity.startsWith('new.')) return identity;
  await context.api().list();
  return openIdentity(context.env, server).get();
}

function opener(env: Record<string, string | undefined>): string[] | undefined {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}
