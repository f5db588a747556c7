// Signs tickets with the installation's Ed25519 key, and publishes the public half as a JWKS (RFC 7517).

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, type JSONWebKeySet, SignJWT } from 'jose';
import { ServiceError } from '../../common/errors.ts';
import { type Ticket, ticketAlgorithm, ticketIssuer, ticketSeconds } from '../../common/ticket.ts';
import { type LinkContent, readLink, signLink } from './link-token.ts';

export type TicketSigner = {
  jwks: JSONWebKeySet;
  /** A ticket for one connection, valid for `ticketSeconds` from `now` (milliseconds). */
  sign(content: TicketContent, now: number): Promise<string>;
  signLink(link: LinkContent, now: number): Promise<string>;
  /** The content of a link. Throws `link-ended` if it has expired or was not signed by this installation. */
  readLink(token: string, now: number): Promise<LinkContent>;
};

type TicketContent = Pick<Ticket, 'aud' | 'sub' | 'jti' | 'claim' | 'role' | 'guest'>;

/** A signer whose key is loaded after the start. Until then it throws `unavailable` and publishes no key. */
export class LateSigner implements TicketSigner {
  #signer: TicketSigner | undefined;

  get loaded(): boolean {
    return this.#signer !== undefined;
  }

  get jwks(): JSONWebKeySet {
    return this.#get().jwks;
  }

  async sign(...args: Parameters<TicketSigner['sign']>): Promise<string> {
    return this.#get().sign(...args);
  }

  async signLink(...args: Parameters<TicketSigner['signLink']>): Promise<string> {
    return this.#get().signLink(...args);
  }

  async readLink(...args: Parameters<TicketSigner['readLink']>): Promise<LinkContent> {
    return this.#get().readLink(...args);
  }

  /** Takes the same arguments as `createTicketSigner`. */
  async load(pem: string, source: string): Promise<void> {
    this.#signer = await createTicketSigner(pem, source);
  }

  #get(): TicketSigner {
    if (this.#signer) return this.#signer;
    throw new ServiceError('unavailable', 'The manager has no signing key yet.', { retryAfter: 1 });
  }
}

/** `pem`: the PKCS #8 text of an Ed25519 private key. Any other text is `invalid-config`, with `source` in the message. */
export async function createTicketSigner(pem: string, source = 'The signing key'): Promise<TicketSigner> {
  const privateKey = readKey(pem, source);
  const publicKey = createPublicKey(privateKey);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    jwks: { keys: [{ ...jwk, kid, alg: ticketAlgorithm, use: 'sig' }] },
    sign({ aud, sub, jti, claim, role, guest }, now) {
      const issuedAt = Math.floor(now / 1_000);
      return new SignJWT({ claim, role, ...(guest && { guest }) })
        .setProtectedHeader({ alg: ticketAlgorithm, kid })
        .setIssuer(ticketIssuer)
        .setAudience(aud)
        .setSubject(sub)
        .setJti(jti)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ticketSeconds)
        .sign(privateKey);
    },
    signLink: (link, now) => signLink(link, { privateKey, kid, now }),
    readLink: (token, now) => readLink(token, { publicKey, now }),
  };
}

function readKey(pem: string, source: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Reported below, without the text of the key.
  }
  throw new ServiceError('invalid-config', `${source}: must hold an Ed25519 private key in PEM (PKCS #8)`);
}
