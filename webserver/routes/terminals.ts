// The visitor's terminals over HTTP, of the page and of runs: claim or reconnect, wait, describe, end, restart, list.

import { type Request, type RequestHandler, type Response, Router } from 'express';
import * as z from 'zod';
import { composeClaimant } from '../../common/claimant.ts';
import { clientGoneSignal } from '../../common/http/client-gone.ts';
import { jsonBody } from '../../common/http/json-body.ts';
import type { Logger } from '../../common/log.ts';
import type { Terminal } from '../../common/manager-api.ts';
import {
  type Opened,
  type OpenTerminal,
  openRequestSchema,
  paths,
  type RelayMode,
  targetSchema,
} from '../../common/terminals-api.ts';
import { type Addressing, terminalUrl } from '../address.ts';
import { type Challenges, claimWith } from '../challenge/challenges.ts';
import { limitConcurrency } from '../concurrency-limit.ts';
import type { AddressVisibility } from '../identity/address-visibility.ts';
import type { Visitors } from '../identity/visitor.ts';
import type { Manager } from '../manager-client.ts';
import { pageOrigin } from '../page-origin.ts';
import { parseBody } from '../parse-body.ts';
import type { RelayProblems } from '../relay/problems.ts';
import { requireJson } from '../same-origin.ts';

const noQuerySchema = z.strictObject({});

export function terminalRoutes(options: {
  manager: Manager;
  log: Logger;
  visitors: Visitors;
  challenges: Challenges;
  addresses: AddressVisibility;
  addressing: Addressing;
  relay: RelayMode;
  relayProblems: Pick<RelayProblems, 'of'>;
  /** Refuses requests from pages of other origins. */
  sameOrigin: RequestHandler;
  defaultPool: string | undefined;
  /** After this time, a request without an answer no longer counts (concurrency-limit.ts). */
  holdMs?: number | undefined;
}): Router {
  const { manager, log, visitors, challenges, addresses, addressing, relay, relayProblems, sameOrigin, defaultPool } =
    options;

  const open = (ask: Manager['claim']) => async (request: Request, response: Response) => {
    const { pool = defaultPool, run, solution, ...wish } = parseBody(openRequestSchema, request.body);
    const { place, promised, existing } = wish;
    const visitor = visitors.identify(request, response);
    const claimant = composeClaimant(visitor, run);
    const address = visitors.network(request);
    addresses.observe(request, visitor);
    // When the client disconnects, cancel the claim, so that the visitor leaves the queue.
    const gone = clientGoneSignal(response);
    const claim = await claimWith(challenges, { visitor, network: address, solution }, (challenge) =>
      ask({ visitor: claimant, pool, address, place, promised, challenge, existing }, gone),
    );
    if (claim.status === 'waiting') return void response.status(202).json(claim);
    const relayProblem = relayProblems.of(claimant);
    const opened: Opened = {
      ...describe(claim, request),
      status: claim.status,
      ticket: claim.ticket,
      ...(relayProblem !== undefined && { relayProblem }),
      ...(claim.former && { former: claim.former }),
    };
    response.status(claim.status === 'new' ? 201 : 200).json(opened);
    log.info({ terminal: claim.name, pool: claim.pool, status: claim.status }, 'terminal opened');
  };

  const describe = (terminal: Terminal, request: Request): OpenTerminal => ({
    name: terminal.name,
    url: terminalUrl(addressing, terminal, pageOrigin(request)),
    relay,
    claimedAt: terminal.claimedAt,
    expiresAt: terminal.expiresAt,
    idleTimeoutMs: terminal.idleTimeoutMs,
  });

  // A visitor with terminals of several pools, or of runs, names one: `?pool=&run=`.
  const targetOf = (request: Request, response: Response) => {
    const { pool = defaultPool, run } = parseBody(targetSchema, request.query);
    return { visitor: composeClaimant(visitors.identify(request, response), run), pool };
  };

  const limited = limitConcurrency(options.holdMs);
  const body = [sameOrigin, requireJson, jsonBody('4kb'), limited];
  return Router()
    .post(paths.terminals, body, open(manager.claim))
    .post(paths.restart, body, open(manager.restart))
    .get(paths.terminals, limited, async (request, response) => {
      parseBody(noQuerySchema, request.query);
      const visitor = visitors.identify(request, response);
      response.json(await manager.list(visitor));
    })
    .get(paths.current, limited, async (request, response) => {
      response.json(describe(await manager.find(targetOf(request, response)), request));
    })
    .delete(paths.place, sameOrigin, limited, async (request, response) => {
      await manager.leave(targetOf(request, response));
      response.status(204).end();
    })
    .delete(paths.current, sameOrigin, limited, async (request, response) => {
      const target = targetOf(request, response);
      await manager.release(target);
      log.info({ pool: target.pool ?? 'any' }, 'terminal ended by its visitor');
      response.status(204).end();
    });
}
