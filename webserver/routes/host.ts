// The API of the host page: all pools and terminals. It requires the host token, and does not exist without one.

import { createHash, timingSafeEqual } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { ServiceError } from '../../common/errors.ts';
import type { PoolStatus } from '../../common/manager-api.ts';
import { paths } from '../../common/terminals-api.ts';
import type { AddressVisibility } from '../identity/address-visibility.ts';
import type { Manager } from '../manager-client.ts';

export function hostRoutes(options: {
  manager: Manager;
  addresses: Pick<AddressVisibility, 'problem' | 'areVisitors'>;
  token: string;
}): Router {
  const { manager, addresses, token } = options;
  return Router().get(paths.hostPools, requireToken(token), async (_request, response) => {
    const { pools } = await manager.pools();
    const problem = addresses.problem();
    if (problem === undefined) return void response.json({ pools });
    response.json({
      pools: pools.map((pool) =>
        addresses.areVisitors || limitsAddresses(pool) ? { ...pool, problems: [...pool.problems, problem] } : pool,
      ),
    });
  });
}

const limitsAddresses = ({ settings }: PoolStatus): boolean =>
  [settings.maxPerAddress, settings.claimsPerMinute, settings.challengeFrom, settings.maxWaitingPerAddress].some(
    (limit) => limit !== 'none',
  );

function requireToken(token: string): RequestHandler {
  const expected = digest(token);
  return (request, _response, next) => {
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1];
    // Compare digests, which have equal length, so that timing reveals nothing about the token.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new ServiceError('unauthenticated', 'The host page needs the host token.');
    }
    next();
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest();
