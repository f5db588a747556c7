// Links to the visitor's terminal: the owner makes and ends them, a guest comes by one. A guest sends no visitor id.

import { type Request, type RequestHandler, type Response, Router } from 'express';
import { composeClaimant } from '../../common/claimant.ts';
import { jsonBody } from '../../common/http/json-body.ts';
import type { Logger } from '../../common/log.ts';
import { openLinkRequestSchema } from '../../common/manager-api.ts';
import { newLinkSchema, type OpenedLink, paths, type RelayMode, targetSchema } from '../../common/terminals-api.ts';
import { type Addressing, terminalUrl } from '../address.ts';
import { limitConcurrency } from '../concurrency-limit.ts';
import type { Visitors } from '../identity/visitor.ts';
import type { Manager } from '../manager-client.ts';
import { pageOrigin } from '../page-origin.ts';
import { parseBody } from '../parse-body.ts';
import { requireJson } from '../same-origin.ts';

const ownedSchema = targetSchema.pick({ pool: true });

export function linkRoutes(options: {
  manager: Pick<Manager, 'createLink' | 'revokeLinks' | 'openLink'>;
  log: Logger;
  visitors: Visitors;
  addressing: Addressing;
  relay: RelayMode;
  /** Refuses requests from pages of other origins. */
  sameOrigin: RequestHandler;
  defaultPool: string | undefined;
}): Router {
  const { manager, log, visitors, addressing, relay, sameOrigin, defaultPool } = options;
  const limited = limitConcurrency();
  const body = [sameOrigin, requireJson, jsonBody('4kb'), limited];
  return Router()
    .post(paths.links, body, async (request: Request, response: Response) => {
      const { pool = defaultPool, ...link } = parseBody(newLinkSchema, request.body);
      const visitor = composeClaimant(visitors.identify(request, response));
      response.status(201).json(await manager.createLink(visitor, { ...link, ...(pool !== undefined && { pool }) }));
      log.info({ role: link.role, expiresInMs: link.expiresInMs }, 'link to a terminal made');
    })
    .delete(paths.links, sameOrigin, limited, async (request: Request, response: Response) => {
      const { pool = defaultPool } = parseBody(ownedSchema, request.query);
      await manager.revokeLinks({ visitor: composeClaimant(visitors.identify(request, response)), pool });
      response.status(204).end();
      log.info('links to a terminal ended by its visitor');
    })
    .post(paths.openLink, body, async (request: Request, response: Response) => {
      const shared = await manager.openLink(parseBody(openLinkRequestSchema, request.body));
      const { name, pool, claimedAt, expiresAt, idleTimeoutMs, ticket, role } = shared;
      const url = terminalUrl(addressing, shared, pageOrigin(request));
      response.json({ name, url, relay, claimedAt, expiresAt, idleTimeoutMs, ticket, role, pool } satisfies OpenedLink);
      log.info({ terminal: name, pool, role }, 'terminal opened by a link');
    });
}
