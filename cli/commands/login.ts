// warmterm login: remembers a server, and the visitor's identity there.

import { UnknownIdentity } from '../api/api.ts';
import { openIdentity, toServer, writeServer } from '../config.ts';
import type { Context } from '../context.ts';

export async function login(context: Context, url: string): Promise<number> {
  const server = toServer(url);
  try {
    await context.apiAt(server).list();
  } catch (error) {
    // The server does not recognise the former identity, so create a new one.
    if (!(error instanceof UnknownIdentity)) throw error;
    openIdentity(context.env, server).forget();
    await context.apiAt(server).list();
  }
  writeServer(context.env, server);
  context.say.line(`logged in at ${server}. Try: warmterm run -- uname -a`);
  return 0;
}
