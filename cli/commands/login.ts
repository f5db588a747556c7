// warmterm login: which server, and as whom.

import { UnknownIdentity } from '../api/api.ts';
import { openIdentity, toServer, writeServer } from '../config.ts';
import type { Context } from '../context.ts';

export async function login(context: Context, url: string): Promise<number> {
  const server = toServer(url);
  try {
    await context.apiAt(server).list();
  } catch (error) {
    // An identity that the server does not know any more is of no use.
    if (!(error instanceof UnknownIdentity)) throw error;
    openIdentity(context.env, server).forget();
    await context.apiAt(server).list();
  }
  writeServer(context.env, server);
  context.say.line(`logged in at ${server}. Try: warmterm run -- uname -a`);
  return 0;
}
