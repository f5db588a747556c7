// Who is asking: the keyed hash that stands for a visitor everywhere behind the webserver, and the cookie that keeps
// it. One visitor is one browser, one tab or one address, as the setting says.

import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { ServiceError } from '../../common/errors.ts';
import { tabHeader, tabSchema } from '../../common/terminals-api.ts';
import type { Config } from '../config.ts';
import { networkOf } from './network.ts';
import { newId, readSignedId, type SignedId, writeSignedId } from './signed-id.ts';

export type Visitors = {
  /** Gives the browser its cookie ahead of the first claim, so that a claim whose answer is lost is not lost too. */
  greet(request: Request, response: Response): void;
  /** The visitor's hash. Throws `invalid-request` when a tab does not say which it is. */
  identify(request: Request, response: Response): string;
  /** The hash of the network that the request comes from. */
  network(request: Request): string;
};

const daySeconds = 86_400;
const cookieDays = 30;

export function createVisitors(options: {
  identity: Config['WARMTERM_IDENTITY'];
  secrets: readonly [string, ...string[]];
  clock: () => number;
}): Visitors {
  const { identity, secrets, clock } = options;
  // Of an address nobody keeps a signature: the oldest secret is the one that stays while a newer one is added.
  const oldest = secrets.at(-1) ?? secrets[0];

  function browser(request: Request, response: Response): SignedId {
    const secure = isSecure(request);
    const name = cookieName(secure);
    const now = Math.floor(clock() / 1_000);
    const known = readSignedId((request.cookies as Record<string, unknown>)[name], secrets);
    // Written anew each day of use: a cookie never expires under somebody who keeps coming.
    if (known && now - known.issued < daySeconds) return known;
    const id = known ? { ...known, issued: now } : newId(secrets[0], now);
    response.cookie(name, writeSignedId(id), {
      httpOnly: true,
      sameSite: 'lax',
      secure,
      path: '/',
      maxAge: cookieDays * daySeconds * 1_000,
    });
    return id;
  }

  return {
    greet(request, response) {
      if (identity !== 'address') browser(request, response);
    },
    identify(request, response) {
      if (identity === 'address') return hash(oldest, `address:${networkOf(request.ip ?? '')}`);
      if (identity === 'browser') {
        const { id, secret } = browser(request, response);
        return hash(secret, `browser:${id}`);
      }
      // A page cannot add headers to a WebSocket.
      const tab = tabSchema.safeParse(request.get(tabHeader) ?? request.query.tab);
      if (!tab.success) {
        throw new ServiceError('invalid-request', `The header ${tabHeader} must be 16 to 64 characters of base64url.`);
      }
      const { id, secret } = browser(request, response);
      return hash(secret, `tab:${id}:${tab.data}`);
    },
    network: (request) => hash(oldest, `network:${networkOf(request.ip ?? '')}`),
  };
}

/** `__Host-` binds the cookie to this very host, which browsers allow over https only. */
export const cookieName = (secure: boolean) => (secure ? '__Host-warmterm' : 'warmterm');

// Some proxies (Traefik) say wss of a WebSocket.
const isSecure = ({ protocol }: Request) => protocol === 'https' || protocol === 'wss';

// The secret signs cookies too: a key of its own for the hash, so that neither tells anything about the other.
function hash(secret: string, who: string): string {
  const key = createHmac('sha256', secret).update('warmterm visitor hash').digest();
  return createHmac('sha256', key).update(who).digest('base64url');
}
