// warmterm login: which server, and as whom.

import { UnknownIdentity } from '../api/api.ts';
import { openIdentity, toOrigin, writeServer } from '../config.ts';
import type { Context } from '../context.ts';

export async function login(context: Context, url: string): Promise<number> {
  const origin = toOrigin(url);
  try {
    await context.apiAt(origin).list();
  } catch (error) {
    // An identity that the server does not know any more is of no use.
    if (!(error instanceof UnknownIdentity)) throw error;
    openIdentity(context.env, origin).forget();
    await context.apiAt(origin).list();
  }
  writeServer(context.env, origin);
  context.say.line(`logged in at ${origin}. Try: warmterm run -- uname -a`);
  return 0;
}
