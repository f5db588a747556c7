// What a workshop's host sees: every pool and terminal. Open to whoever has the host token, and absent without one.

import { createHash, timingSafeEqual } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { ServiceError } from '../../common/errors.ts';
import { paths } from '../../common/terminals-api.ts';
import type { Manager } from '../manager-client.ts';

export function hostRoutes({ manager, token }: { manager: Manager; token: string }): Router {
  return Router().get(paths.hostPools, requireToken(token), async (_request, response) => {
    response.json(await manager.pools());
  });
}

function requireToken(token: string): RequestHandler {
  const expected = digest(token);
  return (request, _response, next) => {
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1];
    // Digests are of one length, so that comparing tells nothing about the token's.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new ServiceError('unauthenticated', 'The host page needs the host token.');
    }
    next();
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest();
