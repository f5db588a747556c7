// Identifies visitors: the keyed hash that stands for a visitor everywhere behind the webserver. By the setting, a visitor is a browser, a
// tab, an address or a signed-in person. A browser or tab keeps a signed id in storage of the page's origin and sends it with each request.
// It is not a cookie: browsers send cookies to every port of a host, and terminals use other ports of the page's host.

import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { ServiceError } from '../../common/errors.ts';
import { networkOf } from '../../common/http/network.ts';
import { noVisitorId, visitorHeader } from '../../common/terminals-api.ts';
import type { Config } from '../config.ts';
import { readPersonHeader } from './person-header.ts';
import { readProposal, readSignedId, type SignedId, writeSignedId } from './signed-id.ts';

export type Visitors = {
  /**
   * The visitor's hash. If the request proposes an id, the visitor is new: the signed id goes into a header of the answer. Throws
   * `unknown-visitor` without an id, and `unauthenticated` if a proxy should have named the person.
   */
  identify(request: Request, response: Response): string;
  /** The hash of the network that the request comes from. */
  network(request: Request): string;
};

export type VisitorSettings = Pick<Config, 'WARMTERM_IDENTITY' | 'WARMTERM_IDENTITY_HEADER'>;

export function createVisitors(settings: VisitorSettings, secrets: readonly [string, ...string[]]): Visitors {
  const { WARMTERM_IDENTITY: identity, WARMTERM_IDENTITY_HEADER: header } = settings;
  // Hashes of addresses and persons use the oldest secret, so they stay the same while a newer one is added.
  const oldest = secrets.at(-1) ?? secrets[0];
  const hashOf = ({ kind, id, secret }: SignedId) => hash(secret, `${kind}:${id}`);

  /** The hash of a visitor who is identified without an id. */
  function known(request: Request): string | undefined {
    if (identity === 'address') return hash(oldest, `address:${networkOf(request.ip ?? '')}`);
    if (identity === 'header') return hash(oldest, `person:${readPersonHeader(request, header ?? '')}`);
    return undefined;
  }

  function read(given: unknown): SignedId | undefined {
    const signed = readSignedId(given, secrets);
    return signed?.kind === identity ? signed : undefined;
  }

  return {
    identify(request, response) {
      const given = request.get(visitorHeader);
      const visitor = known(request);
      if (visitor !== undefined) {
        if (given !== noVisitorId) response.set(visitorHeader, noVisitorId);
        return visitor;
      }
      const valid = read(given);
      if (valid) return hashOf(valid);
      const id = readProposal(given, identity === 'tab' ? 'tab' : 'browser', secrets[0]);
      if (id === undefined) throw new ServiceError('unknown-visitor', idAdvice);
      response.set(visitorHeader, writeSignedId(id));
      return hashOf(id);
    },
    network: (request) => hash(oldest, `network:${networkOf(request.ip ?? '')}`),
  };
}

const idAdvice =
  'No valid visitor id. Send the header Warmterm-Visitor: new.<22 random base64url characters>, and keep the id in that header of the answer.';

// The secret also signs ids. Derive a separate key, so that neither use reveals anything about the other.
function hash(secret: string, who: string): string {
  const key = createHmac('sha256', secret).update('warmterm visitor hash').digest();
  return createHmac('sha256', key).update(who).digest('base64url');
}
