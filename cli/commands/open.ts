// warmterm open: opens the page of the visitor's terminal, or of a run, with this client's identity.

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
    if (address !== String(url)) context.say.line('keep this address secret: anyone who has it can use your terminals');
    return 0;
  }
  context.stdout.write(`${url}\n`);
  // Starting a browser is a convenience; --print shows the address without it.
  spawn(program, [...before, address], { detached: true, stdio: 'ignore' })
    .once('error', () => {})
    .unref();
  return 0;
}

/** The page's address with the identity in the fragment, which browsers do not send to servers (frontend/identity/handed-id.ts). Pure. */
export function withIdentity(url: URL, identity: string): string {
  // Other identities come from the network address or a sign-in, which the server determines itself.
  return /^(browser|tab)\./.test(identity) ? `${url}#visitor=${identity}` : String(url);
}

/** This client's identity. The server signs it with its first answer, so ask once if there is none yet. */
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
