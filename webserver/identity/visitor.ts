// Who is asking: the keyed hash that stands for a visitor everywhere behind the webserver. One visitor is one browser, one
// tab, one address or one signed-in person, as the setting says. A browser or tab is known by a signed id that it keeps in
// storage of the page's origin and sends with each request. It is no cookie: browsers send a cookie to every port of its host,
// and terminals answer at other ports of the page's host.

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
   * The visitor's hash. An id that the request proposes is a new visitor's: the signed id goes into the header of the answer.
   * Throws `unknown-visitor` without an id, and `unauthenticated` where a proxy has to name the person, and has not.
   */
  identify(request: Request, response: Response): string;
  /** The hash of the network that the request comes from. */
  network(request: Request): string;
};

export type VisitorSettings = Pick<Config, 'WARMTERM_IDENTITY' | 'WARMTERM_IDENTITY_HEADER'>;

export function createVisitors(settings: VisitorSettings, secrets: readonly [string, ...string[]]): Visitors {
  const { WARMTERM_IDENTITY: identity, WARMTERM_IDENTITY_HEADER: header } = settings;
  // Nobody keeps a signature of an address or a person. The oldest secret stays while a newer one is added.
  const oldest = secrets.at(-1) ?? secrets[0];
  const hashOf = ({ kind, id, secret }: SignedId) => hash(secret, `${kind}:${id}`);

  /** The hash of a visitor who needs no id. */
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
      if (id === undefined) throw new ServiceError('unknown-visitor', howToBeKnown);
      response.set(visitorHeader, writeSignedId(id));
      return hashOf(id);
    },
    network: (request) => hash(oldest, `network:${networkOf(request.ip ?? '')}`),
  };
}

const howToBeKnown =
  'No valid visitor id. Send the header Warmterm-Visitor: new.<22 random base64url characters>, and keep what the answer brings.';

// The secret signs ids too: a key of its own for the hash, so that neither tells anything about the other.
function hash(secret: string, who: string): string {
  const key = createHmac('sha256', secret).update('warmterm visitor hash').digest();
  return createHmac('sha256', key).update(who).digest('base64url');
}
